select
    customer_id,
    record_count,
    identity_confidence

from {{ source('identity', 'customers') }}
