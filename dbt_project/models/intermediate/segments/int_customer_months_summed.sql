{%- set months_kept = (var('rfm_history_months') | int) + (var('rfm_window_months') | int) -%}

with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

returns as (

    select * from {{ ref('int_returns_unioned') }}

),

movements as (

    select
        customer_id,
        {{ local_date('ordered_at') }} as moved_on,
        1 as order_count,
        revenue_amount as net_amount

    from orders
    where customer_id is not null and is_revenue

    union all

    select
        customer_id,
        {{ local_date('returned_at') }} as moved_on,
        0 as order_count,
        -refund_amount as net_amount

    from returns
    where customer_id is not null and is_revenue

),

placed as (

    select
        customer_id,
        -- What is older than every window still tells how long ago the last order was.
        least({{ months_before_as_of('moved_on') }}, {{ months_kept }}) as months_ago,
        moved_on,
        order_count,
        net_amount

    from movements

)

select
    customer_id,
    months_ago,
    cast(sum(order_count) as bigint) as order_count,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount,
    max(case when order_count > 0 then moved_on end) as last_ordered_on

from placed
group by customer_id, months_ago
