with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where customer_id is not null and is_revenue

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

returns as (

    select * from {{ ref('int_returns_unioned') }}
    where customer_id is not null and is_revenue

),

ordered as (

    select
        customer_id,
        count(*) as order_count,
        sum(case when channel = 'store' then 1 else 0 end) as store_order_count,
        sum(case when channel <> 'store' then 1 else 0 end) as online_order_count,
        sum(revenue_amount) as ordered_amount,
        sum(case when ordered_at >= {{ as_of_end(months=12) }} then revenue_amount else 0 end) as ordered_amount_12m,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at

    from orders
    group by customer_id

),

units as (

    select
        orders.customer_id,
        sum(order_lines.quantity) as ordered_units

    from orders
    inner join order_lines
        on orders.order_id = order_lines.order_id
    group by orders.customer_id

),

returned as (

    select
        customer_id,
        sum(quantity) as returned_units,
        sum(refund_amount) as refunded_amount,
        sum(case when returned_at >= {{ as_of_end(months=12) }} then refund_amount else 0 end) as refunded_amount_12m

    from returns
    group by customer_id

),

customers as (

    select customer_id from ordered
    union distinct
    select customer_id from returned

)

select
    customers.customer_id,
    cast(coalesce(ordered.order_count, 0) as bigint) as order_count,
    cast(coalesce(ordered.store_order_count, 0) as bigint) as store_order_count,
    cast(coalesce(ordered.online_order_count, 0) as bigint) as online_order_count,
    cast(coalesce(units.ordered_units, 0) as decimal(18, 3)) as ordered_units,
    cast(coalesce(returned.returned_units, 0) as decimal(18, 3)) as returned_units,
    cast(coalesce(ordered.ordered_amount, 0) as decimal(18, 2)) as ordered_amount,
    cast(coalesce(returned.refunded_amount, 0) as decimal(18, 2)) as refunded_amount,
    cast(coalesce(ordered.ordered_amount_12m, 0) as decimal(18, 2)) as ordered_amount_12m,
    cast(coalesce(returned.refunded_amount_12m, 0) as decimal(18, 2)) as refunded_amount_12m,
    ordered.first_ordered_at,
    ordered.last_ordered_at

from customers
left join ordered
    on customers.customer_id = ordered.customer_id
left join units
    on customers.customer_id = units.customer_id
left join returned
    on customers.customer_id = returned.customer_id
