with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where customer_id is not null and is_revenue

),

returns as (

    select * from {{ ref('int_returns_unioned') }}
    where is_revenue

),

bought as (

    select
        customer_id,
        order_id,
        {{ local_date('ordered_at') }} as ordered_on,
        revenue_amount

    from orders

),

order_days as (

    select distinct
        customer_id,
        ordered_on

    from bought

),

refunds as (

    select
        return_id,
        order_id,
        customer_id,
        {{ local_date('returned_at') }} as returned_on,
        refund_amount

    from returns

),

-- Without its order a refund belongs to what was bought last before it.
refunds_without_order as (

    select
        refunds.return_id,
        refunds.customer_id,
        refunds.returned_on,
        refunds.refund_amount,
        max(order_days.ordered_on) as ordered_on

    from refunds
    left join bought
        on refunds.order_id = bought.order_id
    inner join order_days
        on
            refunds.customer_id = order_days.customer_id
            and refunds.returned_on >= order_days.ordered_on
    where bought.order_id is null
    group by refunds.return_id, refunds.customer_id, refunds.returned_on, refunds.refund_amount

),

movements as (

    select
        customer_id,
        ordered_on,
        ordered_on as counted_from,
        revenue_amount as amount

    from bought

    union all

    select
        bought.customer_id,
        bought.ordered_on,
        greatest(refunds.returned_on, bought.ordered_on) as counted_from,
        -refunds.refund_amount as amount

    from refunds
    inner join bought
        on refunds.order_id = bought.order_id

    union all

    select
        customer_id,
        ordered_on,
        returned_on as counted_from,
        -refund_amount as amount

    from refunds_without_order

)

select
    customer_id,
    ordered_on,
    counted_from,
    cast(sum(amount) as decimal(18, 2)) as amount

from movements
group by customer_id, ordered_on, counted_from
