with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

returns as (

    select * from {{ ref('int_returns_unioned') }}

),

lines_summed as (

    select
        order_id,
        count(*) as line_count,
        sum(quantity) as units

    from order_lines
    group by order_id

),

returns_summed as (

    select
        order_id,
        sum(refund_amount) as refund_amount,
        sum(quantity) as returned_units

    from returns
    where order_id is not null
    group by order_id

),

numbered as (

    select
        order_id,
        cast(row_number() over (partition by customer_id order by ordered_at, order_id) as bigint)
            as customer_order_number

    from orders
    where customer_id is not null and is_revenue

)

select
    orders.order_id,
    orders.source,
    orders.customer_id,
    orders.attributed_by,
    numbered.customer_order_number,
    orders.channel,
    orders.fulfilment,
    orders.status,
    orders.is_revenue,
    orders.is_guest,
    orders.store_id,
    orders.pickup_store_id,
    orders.sold_by_store_id,
    orders.picked_up_order_id,
    orders.session_id,
    orders.ordered_at,
    {{ local_date('orders.ordered_at') }} as ordered_on,
    orders.fulfilled_at,
    orders.gross_amount,
    orders.discount_amount,
    orders.shipping_amount,
    orders.tax_amount,
    orders.tip_amount,
    orders.gift_card_amount,
    orders.total_amount,
    orders.revenue_amount,
    cast(coalesce(returns_summed.refund_amount, 0) as decimal(18, 2)) as refund_amount,
    cast(
        case when orders.is_revenue then orders.revenue_amount - coalesce(returns_summed.refund_amount, 0) else 0 end
        as decimal(18, 2)
    ) as net_amount,
    '{{ var("currency") }}' as currency,
    orders.original_currency,
    orders.original_total_amount,
    coalesce(lines_summed.line_count, 0) as line_count,
    cast(coalesce(lines_summed.units, 0) as decimal(18, 3)) as units,
    cast(coalesce(returns_summed.returned_units, 0) as decimal(18, 3)) as returned_units,
    orders.coupon_code,
    orders.payment_kind

from orders
left join lines_summed
    on orders.order_id = lines_summed.order_id
left join returns_summed
    on orders.order_id = returns_summed.order_id
left join numbered
    on orders.order_id = numbered.order_id
