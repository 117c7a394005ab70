with

consents as (

    select * from {{ ref('int_consents_resolved') }}

)

select
    customer_id,
    channel,
    purpose,
    recipient,
    status,
    recorded_at,
    record_id,
    decided_by,
    notice_version

from consents
