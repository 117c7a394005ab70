{%- set baseline = (var('friction_baseline_days') | int) -%}

with

stockouts as (

    select distinct
        store_id,
        product_id,
        missing_on as day

    from {{ ref('stg_pos__stockouts') }}
    where missing_on <= {{ as_of_date() }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

sold as (

    select
        orders.store_id,
        order_lines.product_id,
        {{ local_date('orders.ordered_at') }} as day,
        sum(order_lines.line_amount) as amount

    from orders
    inner join order_lines
        on orders.order_id = order_lines.order_id
    where
        orders.channel = 'store'
        and order_lines.product_id is not null
    group by orders.store_id, order_lines.product_id, {{ local_date('orders.ordered_at') }}

),

days as (

    select
        store_id,
        product_id,
        day,
        amount,
        0 as is_missing

    from sold

    union all

    select
        store_id,
        product_id,
        day,
        0 as amount,
        1 as is_missing

    from stockouts

),

compared as (

    select
        store_id,
        product_id,
        day,
        is_missing,
        sum(amount) over weeks_before as usual_amount,
        {{ baseline }} - coalesce(sum(is_missing) over weeks_before, 0) as usual_days

    from days
    window weeks_before as (
        partition by store_id, product_id order by {{ day_number('day') }}
        range between {{ baseline }} preceding and 1 preceding
    )

)

select
    store_id,
    product_id,
    day,
    -- What an ordinary day in the weeks before brought.
    cast(coalesce({{ divide_money('usual_amount', 'usual_days') }}, 0) as decimal(18, 2)) as revenue_at_risk

from compared
where is_missing = 1
