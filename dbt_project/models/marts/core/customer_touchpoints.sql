with

touches as (

    select * from {{ ref('int_touches_unioned') }}

),

touch_kinds as (

    select * from {{ ref('touch_kinds') }}

)

select
    touches.touch_id,
    touches.customer_id,
    -- Touches of one instant stand in the order in which they happen.
    cast(
        row_number() over (
            partition by touches.customer_id
            order by touches.touched_at, touch_kinds.precedence, touches.touch_id
        ) as bigint
    ) as touch_number,
    touches.touched_at,
    touches.channel,
    touches.touch_kind,
    touch_kinds.is_real_touch,
    touches.order_id,
    touches.session_id,
    touches.store_id,
    touches.campaign_id,
    touches.utm_source,
    touches.utm_medium,
    touches.utm_campaign,
    touches.source

from touches
inner join touch_kinds
    on touches.touch_kind = touch_kinds.touch_kind
where touches.customer_id is not null
