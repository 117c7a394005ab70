select
    source || ':web_events:' || event_id as event_id,
    {{ visitor_key('visitor_id') }} as visitor_id,
    {{ session_key('session_id', 'visitor_id') }} as session_id,
    source || ':sessions:' || {{ key_part('session_id') }} as session_reference,
    {{ account_key('account_id') }} as account_record_id,
    source || ':orders:' || order_id as order_id,
    visitor_id as visitor_number,
    session_id as session_number,
    account_id as account_number,
    source,
    event,
    occurred_at,
    channel,
    device,
    product_id,
    store_id,
    is_in_stock,
    utm_source,
    utm_medium,
    utm_campaign,
    referrer

from {{ source('ecommerce', 'web_events') }}
