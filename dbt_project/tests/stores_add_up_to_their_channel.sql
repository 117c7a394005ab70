-- A row is a month in which the stores do not add up to the channel store, or to the ways across channels.
with

stores as (

    select
        month,
        sum(revenue) as revenue,
        sum(refund_amount) as refund_amount,
        sum(orders) as orders,
        sum(visitor_orders) as visitor_orders,
        sum(coalesce(visits, 0)) as visits,
        sum(identified_orders) as identified_orders,
        sum(web_to_store_orders) as web_to_store_orders,
        sum(sold_by_store_orders) as sold_by_store_orders

    from {{ ref('store_performance') }}
    group by month

),

channel as (

    select
        {{ month_start('day') }} as month,
        sum(revenue) as revenue,
        sum(refund_amount) as refund_amount,
        sum(orders) as orders,
        sum(visitor_orders) as visitor_orders,
        sum(coalesce(visits, 0)) as visits,
        sum(identified_orders) as identified_orders

    from {{ ref('channel_performance') }}
    where channel = 'store'
    group by {{ month_start('day') }}

),

paths as (

    select
        month,
        sum(case when path = 'web_to_store' then count else 0 end) as web_to_store_orders,
        sum(case when path = 'sold_by_store' then count else 0 end) as sold_by_store_orders

    from {{ ref('omnichannel_paths') }}
    group by month

),

months_listed as (

    select month from stores
    union distinct
    select month from channel
    union distinct
    select month from paths

),

compared as (

    select
        months_listed.month,
        {%- for measure in ['revenue', 'refund_amount', 'orders', 'visitor_orders', 'visits', 'identified_orders'] %}
        coalesce(stores.{{ measure }}, 0) - coalesce(channel.{{ measure }}, 0) as {{ measure }}_difference,
        {%- endfor %}
        {%- for measure in ['web_to_store_orders', 'sold_by_store_orders'] %}
        coalesce(stores.{{ measure }}, 0) - coalesce(paths.{{ measure }}, 0) as {{ measure }}_difference
        {%- if not loop.last %},{% endif %}
        {%- endfor %}

    from months_listed
    left join stores
        on months_listed.month = stores.month
    left join channel
        on months_listed.month = channel.month
    left join paths
        on months_listed.month = paths.month

)

select *

from compared
where
    revenue_difference <> 0
    or refund_amount_difference <> 0
    or orders_difference <> 0
    or visitor_orders_difference <> 0
    or visits_difference <> 0
    or identified_orders_difference <> 0
    or web_to_store_orders_difference <> 0
    or sold_by_store_orders_difference <> 0
