with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

customers_seen as (

    select * from {{ ref('int_customers_seen') }}

),

order_days as (

    select distinct
        customer_id,
        {{ local_date('ordered_at') }} as ordered_on

    from orders
    where customer_id is not null and is_revenue

),

sequenced as (

    select
        customer_id,
        ordered_on,
        lag(ordered_on) over (partition by customer_id order by ordered_on) as previous_ordered_on,
        coalesce(
            lead(ordered_on) over (partition by customer_id order by ordered_on),
            {{ add_days_to_date(as_of_date(), 1) }}
        ) as until_on

    from order_days

),

first_order_days as (

    select
        customer_id,
        min(ordered_on) as first_ordered_on

    from order_days
    group by customer_id

),

seen_days as (

    select
        customer_id,
        {{ local_date('first_seen_at') }} as first_seen_on

    from customers_seen

),

steps as (

    select
        seen_days.customer_id,
        'prospect' as segment,
        seen_days.first_seen_on as entered_on

    from seen_days
    left join first_order_days
        on seen_days.customer_id = first_order_days.customer_id
    where
        seen_days.first_seen_on <= {{ as_of_date() }}
        and (
            first_order_days.first_ordered_on is null
            or seen_days.first_seen_on < first_order_days.first_ordered_on
        )

    union all

    select
        customer_id,
        case
            when previous_ordered_on is null then 'new_customer'
            when {{ days_between('previous_ordered_on', 'ordered_on') }} >= {{ var('lapsed_after_days') }}
                then 'reactivated'
            else 'active_customer'
        end as segment,
        ordered_on as entered_on

    from sequenced

    union all

    select
        customer_id,
        'slipping' as segment,
        {{ add_days_to_date('ordered_on', var('slipping_after_days')) }} as entered_on

    from sequenced
    where {{ add_days_to_date('ordered_on', var('slipping_after_days')) }} < until_on

    union all

    select
        customer_id,
        'lapsed' as segment,
        {{ add_days_to_date('ordered_on', var('lapsed_after_days')) }} as entered_on

    from sequenced
    where {{ add_days_to_date('ordered_on', var('lapsed_after_days')) }} < until_on

),

compared as (

    select
        customer_id,
        segment,
        entered_on,
        lag(segment) over (partition by customer_id order by entered_on) as segment_before

    from steps

)

select
    customer_id,
    segment,
    entered_on,
    lead(entered_on) over (partition by customer_id order by entered_on) as left_on

from compared
where segment_before is null or segment_before <> segment
