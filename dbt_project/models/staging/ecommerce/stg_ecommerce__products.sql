select
    source,
    product_id,
    name as product_name,
    category,
    subcategory,
    brand,
    is_online_only,
    list_price

from {{ source('ecommerce', 'products') }}
