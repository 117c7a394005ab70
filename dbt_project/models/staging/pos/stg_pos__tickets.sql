select
    source || ':tickets:' || ticket_id as ticket_id,
    source,
    ticket_id as ticket_reference,
    store_id,
    source || ':members:' || member_id as member_record_id,
    loyalty_card_id,
    receipt_email,
    sold_at,
    upper(nullif(trim(currency), '')) as currency,
    gross_amount,
    discount_amount,
    tax_amount,
    tip_amount,
    gift_card_amount,
    total_amount,
    payment_kind,
    cashier_id,
    web_order_id as web_order_reference,
    updated_at

from {{ source('pos', 'tickets') }}
