with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where customer_id is not null and is_revenue

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}
    where quantity > 0 and product_id is not null

),

cutoffs as (

    select
        false as is_back_test,
        {{ as_of_date() }} as counted_until

    union all

    select
        true as is_back_test,
        {{ as_of_date(days=var('next_best_held_out_days')) }} as counted_until

),

bought as (

    select
        orders.customer_id,
        order_lines.product_id,
        {{ local_date('orders.ordered_at') }} as ordered_on

    from orders
    inner join order_lines
        on orders.order_id = order_lines.order_id

)

select
    cutoffs.is_back_test,
    cutoffs.counted_until,
    bought.customer_id,
    bought.product_id,
    max(case when bought.ordered_on <= cutoffs.counted_until then bought.ordered_on end) as last_bought_on,
    max(case when bought.ordered_on <= cutoffs.counted_until then 1 else 0 end) = 1 as is_owned

from bought
cross join cutoffs
group by cutoffs.is_back_test, cutoffs.counted_until, bought.customer_id, bought.product_id
