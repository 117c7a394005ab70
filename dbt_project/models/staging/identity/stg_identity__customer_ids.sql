select
    record_id,
    source,
    table_name,
    customer_id

from {{ source('identity', 'customer_ids') }}
