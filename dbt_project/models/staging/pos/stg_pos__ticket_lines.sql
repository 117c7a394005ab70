select
    source || ':tickets:' || ticket_id as ticket_id,
    source || ':tickets:' || original_ticket_id as original_ticket_id,
    original_ticket_id as original_reference,
    source,
    line_no,
    product_id,
    quantity,
    unit_price,
    line_amount,
    return_reason

from {{ source('pos', 'ticket_lines') }}
