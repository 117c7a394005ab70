select
    source || ':surveys:' || response_id as response_id,
    source || ':contacts:' || contact_id as contact_record_id,
    source,
    order_id as order_reference,
    store_id,
    channel,
    kind,
    score,
    scale_max,
    text as answer_text,
    answered_at

from {{ source('crm', 'surveys') }}
