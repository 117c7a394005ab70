select
    source || ':customers:' || account_id as account_record_id,
    source,
    channel,
    purpose,
    status,
    recorded_at,
    proof,
    recipient,
    notice_version

from {{ source('ecommerce', 'consents') }}
