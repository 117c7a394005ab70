select
    source || ':contacts:' || contact_id as contact_record_id,
    source,
    channel,
    purpose,
    status,
    recorded_at,
    proof,
    recipient,
    notice_version

from {{ source('crm', 'consents') }}
