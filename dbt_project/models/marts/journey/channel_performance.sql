with

sessions as (

    select * from {{ ref('int_sessions_attributed') }}

),

footfall as (

    select * from {{ ref('stg_pos__footfall') }}
    where counted_on <= {{ as_of_date() }}

),

orders as (

    select
        *,
        {{ local_date('ordered_at') }} as day

    from {{ ref('int_orders_unioned') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

returns as (

    select * from {{ ref('int_returns_unioned') }}

),

visitors_of_store as (

    select
        counted_on as day,
        store_id,
        sum(visitors) as visitor_count

    from footfall
    group by counted_on, store_id

),

visited as (

    select
        {{ local_date('started_at') }} as day,
        channel,
        count(*) as visit_count,
        count(device) as device_visit_count,
        sum(case when device = 'mobile' then 1 else 0 end) as mobile_visit_count

    from sessions
    group by {{ local_date('started_at') }}, channel

    union all

    select
        day,
        'store' as channel,
        sum(visitor_count) as visit_count,
        0 as device_visit_count,
        0 as mobile_visit_count

    from visitors_of_store
    group by day

),

units as (

    select
        order_id,
        sum(quantity) as units

    from order_lines
    group by order_id

),

ordered as (

    select
        orders.day,
        orders.channel,
        sum(case when orders.is_revenue then 1 else 0 end) as order_count,
        sum(case when orders.is_revenue then 0 else 1 end) as cancelled_count,
        sum(case when orders.is_revenue and orders.customer_id is not null then 1 else 0 end) as identified_count,
        count(distinct case when orders.is_revenue then orders.customer_id end) as customer_count,
        -- What a counted visit can have led to: not what a store ordered, nor what sold where nobody counts visitors.
        sum(
            case
                when not orders.is_revenue then 0
                when orders.channel = 'store' and visitors_of_store.store_id is null then 0
                when orders.sold_by_store_id is not null then 0
                else 1
            end
        ) as visitor_order_count,
        sum(case when orders.is_revenue then orders.revenue_amount else 0 end) as ordered_amount,
        sum(case when orders.is_revenue then 0 else orders.revenue_amount end) as cancelled_amount,
        sum(case when orders.is_revenue then coalesce(units.units, 0) else 0 end) as units,
        sum(case when orders.is_revenue and sessions.device is not null then 1 else 0 end) as device_order_count,
        sum(case when orders.is_revenue and sessions.device = 'mobile' then 1 else 0 end) as mobile_order_count

    from orders
    left join units
        on orders.order_id = units.order_id
    left join sessions
        on orders.session_id = sessions.session_id
    left join visitors_of_store
        on
            orders.day = visitors_of_store.day
            and orders.store_id = visitors_of_store.store_id
    group by orders.day, orders.channel

),

refunded as (

    select
        {{ local_date('returned_at') }} as day,
        booked_channel as channel,
        sum(case when is_revenue then refund_amount else 0 end) as refund_amount,
        sum(case when is_revenue then 0 else refund_amount end) as cancelled_refund_amount

    from returns
    group by {{ local_date('returned_at') }}, booked_channel

),

seen as (

    select
        day,
        channel

    from visited

    union distinct

    select
        day,
        channel

    from ordered

    union distinct

    select
        day,
        channel

    from refunded

),

joined as (

    select
        seen.day,
        seen.channel,
        visited.visit_count,
        visited.device_visit_count,
        visited.mobile_visit_count,
        coalesce(ordered.order_count, 0) as order_count,
        coalesce(ordered.cancelled_count, 0) as cancelled_count,
        coalesce(ordered.identified_count, 0) as identified_count,
        coalesce(ordered.customer_count, 0) as customer_count,
        coalesce(ordered.visitor_order_count, 0) as visitor_order_count,
        coalesce(ordered.ordered_amount, 0) as ordered_amount,
        coalesce(ordered.cancelled_amount, 0) as cancelled_amount,
        coalesce(ordered.units, 0) as units,
        coalesce(ordered.device_order_count, 0) as device_order_count,
        coalesce(ordered.mobile_order_count, 0) as mobile_order_count,
        coalesce(refunded.refund_amount, 0) as refund_amount,
        coalesce(refunded.cancelled_refund_amount, 0) as cancelled_refund_amount

    from seen
    left join visited
        on
            seen.day = visited.day
            and seen.channel = visited.channel
    left join ordered
        on
            seen.day = ordered.day
            and seen.channel = ordered.channel
    left join refunded
        on
            seen.day = refunded.day
            and seen.channel = refunded.channel

)

select
    day,
    channel,
    cast(visit_count as bigint) as visits,
    cast(order_count as bigint) as orders,
    cast(visitor_order_count as bigint) as visitor_orders,
    {{ share('case when visit_count is not null then visitor_order_count end', 'visit_count') }} as conversion_rate,
    cast(ordered_amount - refund_amount as decimal(18, 2)) as revenue,
    cast({{ divide_money('ordered_amount', 'order_count') }} as decimal(18, 2)) as average_basket,
    cast(units as decimal(18, 3)) as units,
    cast(identified_count as bigint) as identified_orders,
    customer_count as customers,
    cast(ordered_amount as decimal(18, 2)) as ordered_amount,
    cast(refund_amount as decimal(18, 2)) as refund_amount,
    cast(cancelled_count as bigint) as cancelled_orders,
    cast(cancelled_amount as decimal(18, 2)) as cancelled_amount,
    cast(cancelled_refund_amount as decimal(18, 2)) as cancelled_refund_amount,
    '{{ var("currency") }}' as currency,
    cast(mobile_visit_count as bigint) as mobile_visits,
    cast(mobile_order_count as bigint) as mobile_orders,
    {{ share('mobile_visit_count', 'device_visit_count') }} as mobile_visit_share,
    {{ share('mobile_order_count', 'device_order_count') }} as mobile_order_share

from joined
