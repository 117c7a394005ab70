with

stores as (

    select * from {{ ref('stg_pos__stores') }}

),

orders as (

    select
        *,
        {{ local_date('ordered_at') }} as day

    from {{ ref('int_orders_unioned') }}
    where is_revenue

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

returns as (

    select
        *,
        {{ local_date('returned_at') }} as day

    from {{ ref('int_returns_unioned') }}
    where is_revenue and store_id is not null

),

pickups as (

    select * from {{ ref('int_pickups_unioned') }}

),

web_to_store as (

    select * from {{ ref('int_web_to_store_orders_found') }}

),

footfall as (

    select * from {{ ref('stg_pos__footfall') }}
    where counted_on <= {{ as_of_date() }}

),

stockouts as (

    select distinct
        store_id,
        product_id,
        missing_on

    from {{ ref('stg_pos__stockouts') }}
    where missing_on <= {{ as_of_date() }}

),

-- One numbering is shared by all sources; where two name a store, the first source does.
names_ranked as (

    select
        store_id,
        store_name,
        city,
        row_number() over (partition by store_id order by source) as place

    from stores

),

visitors_of_day as (

    select
        store_id,
        counted_on as day,
        sum(visitors) as visitor_count

    from footfall
    group by store_id, counted_on

),

visited as (

    select
        store_id,
        {{ month_start('day') }} as month,
        sum(visitor_count) as visit_count

    from visitors_of_day
    group by store_id, {{ month_start('day') }}

),

units as (

    select
        order_id,
        sum(quantity) as units

    from order_lines
    group by order_id

),

rung_up as (

    select
        orders.store_id,
        {{ month_start('orders.day') }} as month,
        count(*) as order_count,
        sum(orders.revenue_amount) as ordered_amount,
        sum(coalesce(units.units, 0)) as units,
        sum(case when orders.customer_id is not null then 1 else 0 end) as identified_count,
        count(distinct orders.customer_id) as customer_count,
        -- What was sold on a day without a count can follow from no counted visit.
        sum(case when visitors_of_day.store_id is not null then 1 else 0 end) as visitor_order_count,
        sum(case when web_to_store.order_id is not null then 1 else 0 end) as web_to_store_count

    from orders
    left join units
        on orders.order_id = units.order_id
    left join visitors_of_day
        on
            orders.store_id = visitors_of_day.store_id
            and orders.day = visitors_of_day.day
    left join web_to_store
        on orders.order_id = web_to_store.order_id
    where orders.channel = 'store'
    group by orders.store_id, {{ month_start('orders.day') }}

),

placed_online as (

    select
        sold_by_store_id as store_id,
        {{ month_start('day') }} as month,
        count(*) as order_count,
        sum(revenue_amount) as ordered_amount

    from orders
    where channel <> 'store' and sold_by_store_id is not null
    group by sold_by_store_id, {{ month_start('day') }}

),

brought_back as (

    select
        store_id,
        {{ month_start('day') }} as month,
        sum(case when booked_channel = 'store' then refund_amount else 0 end) as refund_amount,
        count(distinct case when booked_channel = 'store' then ticket_id end) as return_count,
        -- Lines brought back together are one return.
        count(
            distinct case
                when order_channel <> 'store'
                    then coalesce(order_id, '') || cast(returned_at as string)
            end
        ) as online_return_count

    from returns
    group by store_id, {{ month_start('day') }}

),

handed_over as (

    select
        store_id,
        {{ month_start(local_date('picked_up_at')) }} as month,
        count(*) as pickup_count

    from pickups
    where store_id is not null
    group by store_id, {{ month_start(local_date('picked_up_at')) }}

),

missing as (

    select
        store_id,
        {{ month_start('missing_on') }} as month,
        count(*) as stockout_count

    from stockouts
    group by store_id, {{ month_start('missing_on') }}

),

seen as (

    {% for table in ('visited', 'rung_up', 'placed_online', 'brought_back', 'handed_over', 'missing') -%}
    select
        store_id,
        month

    from {{ table }}
    {{ 'union distinct' if not loop.last }}
    {% endfor %}

),

joined as (

    select
        seen.store_id,
        seen.month,
        visited.visit_count,
        coalesce(rung_up.order_count, 0) as order_count,
        coalesce(rung_up.ordered_amount, 0) as ordered_amount,
        coalesce(rung_up.units, 0) as units,
        coalesce(rung_up.identified_count, 0) as identified_count,
        coalesce(rung_up.customer_count, 0) as customer_count,
        coalesce(rung_up.visitor_order_count, 0) as visitor_order_count,
        coalesce(rung_up.web_to_store_count, 0) as web_to_store_count,
        coalesce(placed_online.order_count, 0) as sold_online_count,
        coalesce(placed_online.ordered_amount, 0) as sold_online_amount,
        coalesce(brought_back.refund_amount, 0) as refund_amount,
        coalesce(brought_back.return_count, 0) as return_count,
        coalesce(brought_back.online_return_count, 0) as online_return_count,
        coalesce(handed_over.pickup_count, 0) as pickup_count,
        coalesce(missing.stockout_count, 0) as stockout_count

    from seen
    left join visited
        on
            seen.store_id = visited.store_id
            and seen.month = visited.month
    left join rung_up
        on
            seen.store_id = rung_up.store_id
            and seen.month = rung_up.month
    left join placed_online
        on
            seen.store_id = placed_online.store_id
            and seen.month = placed_online.month
    left join brought_back
        on
            seen.store_id = brought_back.store_id
            and seen.month = brought_back.month
    left join handed_over
        on
            seen.store_id = handed_over.store_id
            and seen.month = handed_over.month
    left join missing
        on
            seen.store_id = missing.store_id
            and seen.month = missing.month

)

select
    joined.month,
    joined.store_id,
    names_ranked.store_name,
    names_ranked.city,
    cast(joined.visit_count as bigint) as visits,
    cast(joined.order_count as bigint) as orders,
    cast(joined.visitor_order_count as bigint) as visitor_orders,
    {{ share('case when joined.visit_count is not null then joined.visitor_order_count end', 'joined.visit_count') }}
        as conversion_rate,
    cast(joined.ordered_amount - joined.refund_amount as decimal(18, 2)) as revenue,
    cast({{ divide_money('joined.ordered_amount', 'joined.order_count') }} as decimal(18, 2)) as average_basket,
    cast(joined.units as decimal(18, 3)) as units,
    cast(joined.identified_count as bigint) as identified_orders,
    {{ share('joined.identified_count', 'joined.order_count') }} as identified_share,
    cast(joined.customer_count as bigint) as customers,
    cast(joined.ordered_amount as decimal(18, 2)) as ordered_amount,
    cast(joined.refund_amount as decimal(18, 2)) as refund_amount,
    cast(joined.return_count as bigint) as returns,
    cast(joined.online_return_count as bigint) as online_returns,
    cast(joined.pickup_count as bigint) as pickups,
    cast(joined.web_to_store_count as bigint) as web_to_store_orders,
    cast(joined.sold_online_count as bigint) as sold_by_store_orders,
    cast(joined.sold_online_amount as decimal(18, 2)) as sold_by_store_amount,
    cast(joined.stockout_count as bigint) as stockouts,
    '{{ var("currency") }}' as currency

from joined
left join names_ranked
    on
        joined.store_id = names_ranked.store_id
        and names_ranked.place = 1
