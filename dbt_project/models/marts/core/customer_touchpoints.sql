with

touchpoints as (

    select * from {{ ref('int_touches_sequenced') }}

)

select
    touch_id,
    customer_id,
    touch_number,
    touched_at,
    channel,
    touch_kind,
    is_real_touch,
    order_id,
    session_id,
    store_id,
    campaign_id,
    utm_source,
    utm_medium,
    utm_campaign,
    source

from touchpoints
