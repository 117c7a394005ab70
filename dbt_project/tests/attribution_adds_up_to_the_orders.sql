-- A row is an order that counts whose credit is not 1, or whose credited revenue is not its net amount to the cent,
-- under some model; or credit for an order that does not count.
with

orders as (

    select * from {{ ref('orders') }}
    where is_revenue

),

summed_by_model as (

    select
        order_id,
        model,
        sum(credit) as credit,
        sum(credited_revenue) as credited_revenue

    from {{ ref('attribution_touches') }}
    group by order_id, model

),

summed as (

    select
        order_id,
        count(*) as model_count,
        min(credit) as least_credit,
        max(credit) as most_credit,
        min(credited_revenue) as least_revenue,
        max(credited_revenue) as most_revenue

    from summed_by_model
    group by order_id

)

select
    coalesce(orders.order_id, summed.order_id) as order_id,
    orders.net_amount,
    summed.model_count,
    summed.least_credit,
    summed.most_credit,
    summed.least_revenue,
    summed.most_revenue

from orders
full outer join summed
    on orders.order_id = summed.order_id
where
    orders.order_id is null
    or summed.order_id is null
    or summed.model_count <> {{ attribution_models() | length }}
    or summed.least_credit <> 1
    or summed.most_credit <> 1
    or summed.least_revenue <> orders.net_amount
    or summed.most_revenue <> orders.net_amount
