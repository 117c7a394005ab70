with

touchpoints as (

    select * from {{ ref('int_touches_sequenced') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

bought as (

    select
        customer_id,
        ordered_at,
        -- Over when the goods are handed over, within the shortest and the longest time a purchase may take.
        least(
            greatest(
                coalesce(fulfilled_at, {{ add_days('ordered_at', var('purchase_max_days')) }}),
                {{ add_days('ordered_at', var('purchase_min_days')) }}
            ),
            {{ add_days('ordered_at', var('purchase_max_days')) }}
        ) as handed_over_at,
        lag(ordered_at, {{ (var('loyalty_orders') | int) - 1 }}) over (
            partition by customer_id order by ordered_at, order_id
        ) as earlier_ordered_at

    from orders
    where customer_id is not null and is_revenue

),

signals as (

    -- The first touch, whatever it is, begins a relation; from then on only what the customer does keeps it alive.
    select
        customer_id,
        'active' as signal,
        touched_at as starts_at,
        {{ add_days('touched_at', var('active_within_days')) }} as ends_at

    from touchpoints
    where is_real_touch or touch_number = 1

    union all

    select
        customer_id,
        'consideration' as signal,
        touched_at as starts_at,
        {{ add_days('touched_at', var('consideration_days')) }} as ends_at

    from touchpoints
    where is_consideration

    union all

    select
        customer_id,
        'purchase' as signal,
        ordered_at as starts_at,
        handed_over_at as ends_at

    from bought

    union all

    select
        customer_id,
        'post_purchase' as signal,
        ordered_at as starts_at,
        {{ add_days('handed_over_at', var('post_purchase_days')) }} as ends_at

    from bought

    union all

    select
        customer_id,
        'loyalty' as signal,
        ordered_at as starts_at,
        {{ add_days('earlier_ordered_at', var('loyalty_window_days')) }} as ends_at

    from bought
    where {{ add_days('earlier_ordered_at', var('loyalty_window_days')) }} > ordered_at

)

select
    customer_id,
    signal,
    starts_at,
    ends_at

from signals
