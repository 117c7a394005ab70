select
    source || ':returns:' || return_id as return_id,
    source || ':orders:' || order_id as order_id,
    source || ':customers:' || account_id as account_record_id,
    source,
    line_no,
    quantity,
    refund_amount,
    reason,
    returned_at,
    returned_via,
    store_id

from {{ source('ecommerce', 'returns') }}
