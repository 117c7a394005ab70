with

tickets as (

    select * from {{ ref('int_tickets_classified') }}

),

web_orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

transactions as (

    select * from {{ ref('int_transactions_attributed') }}

),

rung_up as (

    select
        ticket_id || ':pickup' as pickup_id,
        source,
        ticket_id as transaction_id,
        picked_up_order_id as order_id,
        store_id,
        sold_at as picked_up_at

    from tickets
    where is_pickup

),

-- A shop that tells the store's pickups by itself; a till that rang them up knows better when.
told_by_shop as (

    select
        web_orders.order_id || ':pickup' as pickup_id,
        web_orders.source,
        web_orders.order_id as transaction_id,
        web_orders.order_id,
        web_orders.pickup_store_id as store_id,
        web_orders.fulfilled_at as picked_up_at

    from web_orders
    left join rung_up
        on web_orders.order_id = rung_up.order_id
    where
        web_orders.fulfilment = 'click_and_collect'
        and web_orders.status in ('picked_up', 'returned')
        and web_orders.fulfilled_at < {{ as_of_end() }}
        and rung_up.order_id is null

),

unioned as (

    select * from rung_up
    union all
    select * from told_by_shop

)

select
    unioned.pickup_id,
    unioned.source,
    unioned.order_id,
    unioned.store_id,
    unioned.picked_up_at,
    transactions.customer_id,
    transactions.record_id

from unioned
left join transactions
    on unioned.transaction_id = transactions.transaction_id
