select
    source || ':orders:' || order_id as order_id,
    source,
    line_no,
    product_id,
    quantity,
    unit_price,
    discount_amount,
    line_amount

from {{ source('ecommerce', 'order_lines') }}
