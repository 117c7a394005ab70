{%- set window_days = var('attribution_window_days') -%}

with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where is_revenue

),

touches as (

    select * from {{ ref('int_marketing_touches_unioned') }}

),

matched as (

    select
        orders.order_id,
        touches.touch_id

    from orders
    inner join touches
        on
            orders.customer_id = touches.customer_id
            and orders.ordered_at >= touches.touched_at
            and touches.touched_at >= {{ add_days('orders.ordered_at', '-' ~ window_days) }}

    union distinct

    -- The visit in which an order was placed led to it, whoever placed it and whatever the two clocks say.
    select
        orders.order_id,
        touches.touch_id

    from orders
    inner join touches
        on orders.session_id = touches.session_id

),

matched_in_time as (

    select
        orders.order_id,
        touches.touch_id,
        touches.touched_at,
        touches.channel as touch_channel,
        touches.traffic_source,
        touches.traffic_medium,
        touches.traffic_campaign,
        touches.markov_state,
        {{ whole_quotient(
            'greatest(' ~ epoch_seconds('orders.ordered_at') ~ ' - ' ~ epoch_seconds('touches.touched_at') ~ ', 0)',
            '86400'
        ) }} as age_days

    from matched
    inner join orders
        on matched.order_id = orders.order_id
    inner join touches
        on matched.touch_id = touches.touch_id

),

with_touches as (

    select
        *,
        row_number() over (partition by order_id order by touched_at, touch_id) as touch_number,
        count(*) over (partition by order_id) as touch_count,
        count(*) over (partition by order_id, markov_state) as touches_of_state

    from matched_in_time

),

without_touches as (

    select orders.order_id

    from orders
    left join matched
        on orders.order_id = matched.order_id
    where matched.order_id is null

)

select
    order_id,
    touch_id,
    cast(touch_number as bigint) as touch_number,
    cast(touch_count as bigint) as touch_count,
    cast(touches_of_state as bigint) as touches_of_state,
    touched_at,
    cast(least(age_days, {{ window_days }}) as bigint) as age_days,
    touch_channel,
    traffic_source,
    traffic_medium,
    traffic_campaign,
    markov_state

from with_touches

union all

select
    order_id,
    order_id || ':direct' as touch_id,
    cast(1 as bigint) as touch_number,
    cast(1 as bigint) as touch_count,
    cast(1 as bigint) as touches_of_state,
    cast(null as timestamp) as touched_at,
    cast(0 as bigint) as age_days,
    cast(null as string) as touch_channel,
    'direct' as traffic_source,
    'none' as traffic_medium,
    'none' as traffic_campaign,
    cast(null as string) as markov_state

from without_touches
