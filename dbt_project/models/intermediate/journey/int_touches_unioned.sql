{{ config(materialized='view') }}

with

sessions as (

    select * from {{ ref('int_sessions_attributed') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

pickups as (

    select * from {{ ref('int_pickups_unioned') }}

),

returns as (

    select * from {{ ref('int_returns_unioned') }}

),

interactions as (

    select * from {{ ref('int_interactions_attributed') }}

),

surveys as (

    select * from {{ ref('int_surveys_attributed') }}

),

campaign_events as (

    select * from {{ ref('stg_crm__campaign_events') }}

),

records as (

    select * from {{ ref('int_records_identified') }}

),

records_named as (

    select * from {{ ref('int_records_named') }}

),

unioned as (

    select
        session_id as touch_id,
        source,
        customer_id,
        record_id,
        started_at as touched_at,
        channel,
        case
            when begin_checkout_count > 0 then 'checkout_visit'
            when add_to_cart_count > 0 then 'cart_visit'
            when product_view_count + review_view_count + availability_check_count > 0 then 'product_visit'
            else 'visit'
        end as touch_kind,
        order_id,
        session_id,
        cast(null as string) as store_id,
        cast(null as string) as campaign_id,
        utm_source,
        utm_medium,
        utm_campaign

    from sessions

    union all

    select
        order_id as touch_id,
        source,
        customer_id,
        record_id,
        ordered_at as touched_at,
        channel,
        case when is_revenue then 'order' else 'cancelled_order' end as touch_kind,
        order_id,
        session_id,
        coalesce(store_id, sold_by_store_id) as store_id,
        cast(null as string) as campaign_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign

    from orders

    union all

    select
        pickup_id as touch_id,
        source,
        customer_id,
        record_id,
        picked_up_at as touched_at,
        'store' as channel,
        'pickup' as touch_kind,
        order_id,
        cast(null as string) as session_id,
        store_id,
        cast(null as string) as campaign_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign

    from pickups

    union all

    -- Several lines brought back together are one touch.
    select
        min(return_id) || ':return' as touch_id,
        source,
        customer_id,
        min(record_id) as record_id,
        returned_at as touched_at,
        returned_via as channel,
        'return' as touch_kind,
        order_id,
        cast(null as string) as session_id,
        store_id,
        cast(null as string) as campaign_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign

    from returns
    group by source, customer_id, returned_at, returned_via, order_id, store_id

    union all

    select
        interaction_id as touch_id,
        source,
        customer_id,
        record_id,
        started_at as touched_at,
        channel,
        case when kind = 'other' then 'other_contact' else kind end as touch_kind,
        order_id,
        cast(null as string) as session_id,
        store_id,
        cast(null as string) as campaign_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign

    from interactions

    union all

    select
        response_id as touch_id,
        source,
        customer_id,
        record_id,
        answered_at as touched_at,
        coalesce(channel, 'unknown') as channel,
        'survey_answer' as touch_kind,
        order_id,
        cast(null as string) as session_id,
        store_id,
        cast(null as string) as campaign_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign

    from surveys

    union all

    select
        campaign_events.event_id as touch_id,
        campaign_events.source,
        contacts.customer_id,
        contacts.record_id,
        campaign_events.occurred_at as touched_at,
        campaign_events.channel,
        'message_' || campaign_events.event as touch_kind,
        cast(null as string) as order_id,
        cast(null as string) as session_id,
        cast(null as string) as store_id,
        campaign_events.campaign_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign

    from campaign_events
    left join records_named as contacts
        on campaign_events.contact_record_id = contacts.named_record_id
    where campaign_events.occurred_at < {{ as_of_end() }}

    union all

    select
        record_id || ':created' as touch_id,
        source,
        customer_id,
        record_id,
        created_at as touched_at,
        case kind when 'ecommerce' then 'web' when 'pos' then 'store' else 'service' end as channel,
        case when table_name = 'contacts' then 'import' else 'signup' end as touch_kind,
        cast(null as string) as order_id,
        cast(null as string) as session_id,
        cast(null as string) as store_id,
        cast(null as string) as campaign_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign

    from records
    where
        table_name in ('contacts', 'customers', 'members')
        and created_at < {{ as_of_end() }}

)

select * from unioned
