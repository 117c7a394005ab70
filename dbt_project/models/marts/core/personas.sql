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

summed as (

    select
        assigned.persona,
        count(*) as customer_count,
        sum(coalesce(purchases.order_count, 0)) as order_count,
        sum(coalesce(purchases.ordered_amount - purchases.refunded_amount, 0)) as revenue,
        sum(coalesce(purchases.ordered_amount_12m - purchases.refunded_amount_12m, 0)) as revenue_12m

    from assigned
    left join purchases
        on assigned.customer_id = purchases.customer_id
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
    cast(coalesce(summed.revenue, 0) as decimal(18, 2)) as revenue,
    cast(coalesce(summed.revenue_12m, 0) as decimal(18, 2)) as revenue_12m

from rules
cross join customers_counted
left join summed
    on rules.persona = summed.persona
