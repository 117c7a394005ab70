with

consents as (

    select * from {{ ref('int_consents_resolved') }}

)

select
    customer_id,
    channel,
    purpose,
    status,
    recorded_at,
    contact_record_id as record_id

from consents
