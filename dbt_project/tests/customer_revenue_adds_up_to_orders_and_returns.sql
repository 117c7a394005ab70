-- A row is a customer whose revenue in customer_360 is not the sum of their orders less their returns.
with

movements as (

    select
        customer_id,
        revenue_amount as amount

    from {{ ref('orders') }}
    where customer_id is not null and is_revenue

    union all

    select
        customer_id,
        -refund_amount as amount

    from {{ ref('returns') }}
    where customer_id is not null and is_revenue

),

summed as (

    select
        customer_id,
        sum(amount) as amount

    from movements
    group by customer_id

)

select
    customers.customer_id,
    customers.revenue,
    summed.amount

from {{ ref('customer_360') }} as customers
full outer join summed
    on customers.customer_id = summed.customer_id
where
    customers.customer_id is null
    or customers.revenue <> coalesce(summed.amount, 0)
