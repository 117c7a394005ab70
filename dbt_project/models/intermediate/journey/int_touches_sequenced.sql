{{ config(materialized='view') }}

with

touchpoints as (

    select * from {{ ref('customer_touchpoints') }}

),

touch_kinds as (

    select * from {{ ref('touch_kinds') }}

)

select
    touchpoints.touch_id,
    touchpoints.customer_id,
    touchpoints.touch_number,
    touchpoints.touched_at,
    touchpoints.channel,
    touchpoints.touch_kind,
    touchpoints.is_real_touch,
    touch_kinds.is_consideration,
    touchpoints.order_id,
    touchpoints.session_id,
    touchpoints.store_id,
    touchpoints.campaign_id,
    touchpoints.utm_source,
    touchpoints.utm_medium,
    touchpoints.utm_campaign,
    touchpoints.source

from touchpoints
left join touch_kinds
    on touchpoints.touch_kind = touch_kinds.touch_kind
