select
    source,
    store_id,
    product_id,
    date as missing_on

from {{ source('pos', 'stockouts') }}
