with

rules as (

    select * from {{ ref('persona_rules') }}

),

assigned as (

    select * from {{ ref('int_personas_assigned') }}

),

purchases as (

    select * from {{ ref('int_purchases_summed') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where customer_id is not null and is_revenue

),

customer_values as (

    select * from {{ ref('stg_value__customer_values') }}

),

discounted as (

    select
        customer_id,
        count(*) as order_count

    from orders
    where coalesce(discount_amount, 0) > 0 or coupon_code is not null
    group by customer_id

),

summed as (

    select
        assigned.persona,
        count(*) as customer_count,
        sum(coalesce(purchases.order_count, 0)) as order_count,
        sum(coalesce(purchases.online_order_count, 0)) as online_order_count,
        sum(coalesce(discounted.order_count, 0)) as discounted_order_count,
        sum(coalesce(purchases.ordered_amount, 0)) as ordered_amount,
        sum(coalesce(purchases.refunded_amount, 0)) as refund_amount,
        sum(coalesce(customer_values.clv_12m, 0)) as clv_12m,
        sum(coalesce(purchases.ordered_amount - purchases.refunded_amount, 0)) as revenue,
        sum(coalesce(purchases.ordered_amount_12m - purchases.refunded_amount_12m, 0)) as revenue_12m

    from assigned
    left join purchases
        on assigned.customer_id = purchases.customer_id
    left join discounted
        on assigned.customer_id = discounted.customer_id
    left join customer_values
        on assigned.customer_id = customer_values.customer_id
    group by assigned.persona

),

customers_counted as (

    select count(*) as customer_count from assigned

)

select
    rules.persona,
    rules.precedence,
    rules.description,
    rules.rule,
    rules.reason,
    {{ closed_month_end() }} as counted_until,
    coalesce(summed.customer_count, 0) as customer_count,
    {{ share('coalesce(summed.customer_count, 0)', 'customers_counted.customer_count') }} as customer_share,
    cast(coalesce(summed.order_count, 0) as bigint) as order_count,
    cast(coalesce(summed.online_order_count, 0) as bigint) as online_order_count,
    cast(coalesce(summed.discounted_order_count, 0) as bigint) as discounted_order_count,
    cast({{ divide_money('summed.ordered_amount', 'summed.order_count') }} as decimal(18, 2)) as average_basket,
    cast(coalesce(summed.ordered_amount, 0) as decimal(18, 2)) as ordered_amount,
    cast(coalesce(summed.refund_amount, 0) as decimal(18, 2)) as refund_amount,
    cast(coalesce(summed.revenue, 0) as decimal(18, 2)) as revenue,
    cast(coalesce(summed.revenue_12m, 0) as decimal(18, 2)) as revenue_12m,
    cast(coalesce(summed.clv_12m, 0) as decimal(18, 2)) as clv_12m

from rules
cross join customers_counted
left join summed
    on rules.persona = summed.persona
