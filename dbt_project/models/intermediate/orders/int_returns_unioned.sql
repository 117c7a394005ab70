with

listed as (

    select * from {{ ref('int_returns_listed') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

transactions as (

    select * from {{ ref('int_transactions_attributed') }}

),

records_named as (

    select * from {{ ref('int_records_named') }}

)

select
    listed.return_id,
    listed.source,
    listed.order_id,
    listed.ticket_id,
    listed.line_no,
    listed.product_id,
    listed.quantity,
    listed.refund_amount,
    listed.reason,
    listed.returned_at,
    listed.returned_via,
    listed.store_id,
    -- Who brings it back is who bought it, unless the purchase is unknown or anonymous.
    coalesce(orders.customer_id, accounts.customer_id, tickets_of_return.customer_id) as customer_id,
    coalesce(orders.record_id, accounts.record_id, tickets_of_return.record_id) as record_id,
    orders.channel as order_channel,
    case when listed.ticket_id is null then coalesce(orders.channel, 'web') else 'store' end as booked_channel,
    coalesce(orders.is_revenue, true) as is_revenue

from listed
left join orders
    on listed.order_id = orders.order_id
left join transactions as tickets_of_return
    on listed.ticket_id = tickets_of_return.transaction_id
left join records_named as accounts
    on listed.account_record_id = accounts.named_record_id
