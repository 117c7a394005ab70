{%- set baseline = (var('friction_baseline_days') | int) -%}

with

footfall as (

    select * from {{ ref('stg_pos__footfall') }}
    where counted_on <= {{ as_of_date() }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

taken as (

    select
        store_id,
        {{ local_date('ordered_at') }} as day,
        sum(revenue_amount) as amount

    from orders
    where channel = 'store'
    group by store_id, {{ local_date('ordered_at') }}

),

days as (

    select
        footfall.store_id,
        footfall.counted_on as day,
        footfall.visitors,
        footfall.average_wait_minutes,
        coalesce(footfall.average_wait_minutes > {{ var('long_wait_minutes') }}, false) as is_long_wait,
        cast(coalesce(taken.amount, 0) as decimal(18, 2)) as amount,
        {{ day_number('footfall.counted_on') }} as day_number

    from footfall
    left join taken
        on
            footfall.store_id = taken.store_id
            and footfall.counted_on = taken.day

),

compared as (

    select
        *,
        sum(case when not is_long_wait then visitors end) over weeks_before as usual_visitors,
        sum(case when not is_long_wait then amount end) over weeks_before as usual_amount

    from days
    window weeks_before as (
        partition by store_id order by day_number range between {{ baseline }} preceding and 1 preceding
    )

)

select
    store_id,
    day,
    visitors,
    average_wait_minutes,
    amount,
    -- What as many visitors bring on an ordinary day, less what they brought.
    cast(
        greatest(
            {{ divide_money('cast(usual_amount as decimal(18, 2)) * cast(visitors as int)', 'usual_visitors') }}
            - amount, 0
        ) as decimal(18, 2)
    ) as revenue_at_risk

from compared
where is_long_wait
