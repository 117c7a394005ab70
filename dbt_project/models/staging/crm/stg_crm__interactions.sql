select
    source || ':interactions:' || interaction_id as interaction_id,
    source || ':contacts:' || contact_id as contact_record_id,
    source,
    channel,
    kind,
    started_at,
    ended_at,
    is_resolved,
    order_id as order_reference,
    product_id,
    store_id,
    text as message_text

from {{ source('crm', 'interactions') }}
