select
    source || ':campaign_events:' || event_id as event_id,
    source || ':contacts:' || contact_id as contact_record_id,
    source,
    campaign_id,
    channel,
    event,
    occurred_at

from {{ source('crm', 'campaign_events') }}
