with

web_orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

tickets as (

    select * from {{ ref('int_tickets_classified') }}

),

transactions as (

    select * from {{ ref('int_transactions_attributed') }}

),

unioned as (

    select
        order_id,
        source,
        order_reference,
        channel,
        fulfilment,
        status,
        cast(null as string) as store_id,
        pickup_store_id,
        sold_by_store_id,
        cast(null as string) as picked_up_order_id,
        ordered_at,
        fulfilled_at,
        gross_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        total_amount,
        coupon_code,
        cast(null as string) as payment_kind,
        session_id

    from web_orders
    where ordered_at < {{ as_of_end() }}

    union all

    select
        ticket_id as order_id,
        source,
        ticket_reference as order_reference,
        'store' as channel,
        'store' as fulfilment,
        'sold' as status,
        store_id,
        cast(null as string) as pickup_store_id,
        cast(null as string) as sold_by_store_id,
        picked_up_order_id,
        sold_at as ordered_at,
        sold_at as fulfilled_at,
        gross_amount,
        discount_amount,
        cast(null as decimal(18, 2)) as shipping_amount,
        cast(null as decimal(18, 2)) as tax_amount,
        order_amount as total_amount,
        cast(null as string) as coupon_code,
        payment_kind,
        cast(null as string) as session_id

    from tickets
    where is_order

)

select
    unioned.*,
    transactions.is_guest,
    transactions.customer_id,
    transactions.record_id,
    transactions.attributed_by,
    unioned.status <> 'cancelled' as is_revenue

from unioned
left join transactions
    on unioned.order_id = transactions.transaction_id
