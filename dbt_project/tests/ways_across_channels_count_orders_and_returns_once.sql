-- A row is a way across channels whose count or base is not what orders and returns say.
with

paths as (

    select
        path,
        sum(count) as step_count,
        sum(base_count) as base_count

    from {{ ref('omnichannel_paths') }}
    group by path

),

orders as (

    select
        sum(case when fulfilment = 'click_and_collect' then 1 else 0 end) as click_and_collect,
        sum(case when fulfilment = 'ship_from_store' then 1 else 0 end) as ship_from_store,
        sum(case when sold_by_store_id is not null then 1 else 0 end) as sold_by_store,
        count(*) as online

    from {{ ref('orders') }}
    where
        is_revenue
        and channel <> 'store'

),

returns as (

    select
        count(distinct case when is_across_channels then coalesce(order_id, '') || cast(returned_at as string) end)
            as across,
        count(*) as lines

    from {{ ref('returns') }}
    where is_revenue

),

addons as (

    select count(*) as known
    from {{ ref('orders') }}
    where picked_up_order_id is not null

)

select paths.*

from paths
cross join orders
cross join returns
cross join addons
where
    paths.step_count > paths.base_count
    or (paths.path = 'click_and_collect' and paths.step_count <> orders.click_and_collect)
    or (paths.path = 'ship_from_store' and paths.step_count <> orders.ship_from_store)
    or (paths.path = 'sold_by_store' and paths.step_count <> orders.sold_by_store)
    or (paths.path in ('click_and_collect', 'ship_from_store', 'sold_by_store') and paths.base_count <> orders.online)
    or (paths.path = 'return_across_channels' and paths.step_count < returns.across)
    or (paths.path = 'return_across_channels' and paths.base_count > returns.lines)
    or (paths.path = 'click_and_collect_addon' and paths.step_count < addons.known)
