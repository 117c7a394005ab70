select
    source || ':contacts:' || contact_id as contact_record_id,
    source,
    channel,
    purpose,
    status,
    recorded_at,
    proof

from {{ source('crm', 'consents') }}
