{{ config(materialized='view') }}
{%- set counted_events = {
    'product_view': 'product_view_count',
    'review_view': 'review_view_count',
    'store_availability_check': 'availability_check_count',
    'add_to_cart': 'add_to_cart_count',
    'begin_checkout': 'begin_checkout_count',
    'checkout_error': 'checkout_error_count',
    'purchase': 'purchase_count',
} %}

with

web_events as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where occurred_at < {{ as_of_end() }}

),

-- Read apart: each of two scans leaves out what it does not need, where one kept for both would hold everything.
logins as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where
        occurred_at < {{ as_of_end() }}
        and account_record_id is not null

),

-- A visit comes from where its first event with a traffic source came from: the three are taken together.
summed as (

    select
        session_id,
        min(source) as source,
        min(visitor_id) as visitor_id,
        min(channel) as channel,
        min(device) as device,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {%- for event, column in counted_events.items() %}
        count(case when event = '{{ event }}' then 1 end) as {{ column }},
        {%- endfor %}
        min(
            case
                when coalesce(utm_source, utm_medium, utm_campaign) is not null
                    then {{ struct_of(['occurred_at', 'event_id', 'utm_source', 'utm_medium', 'utm_campaign']) }}
            end
        ) as first_traffic

    from web_events
    group by session_id

),

-- Who logged in; should two accounts have done so within one visit, the one that did more.
accounts_counted as (

    select
        session_id,
        account_record_id,
        count(*) as event_count,
        min(occurred_at) as first_event_at

    from logins
    group by session_id, account_record_id

),

accounts_ranked as (

    select
        session_id,
        account_record_id,
        row_number() over (
            partition by session_id
            order by event_count desc, first_event_at asc, account_record_id asc
        ) as place

    from accounts_counted

)

select
    summed.session_id,
    summed.source,
    summed.visitor_id,
    accounts_ranked.account_record_id,
    summed.channel,
    summed.device,
    summed.started_at,
    summed.ended_at,
    {%- for column in counted_events.values() %}
    summed.{{ column }},
    {%- endfor %}
    summed.first_traffic.utm_source,
    summed.first_traffic.utm_medium,
    summed.first_traffic.utm_campaign

from summed
left join accounts_ranked
    on
        summed.session_id = accounts_ranked.session_id
        and accounts_ranked.place = 1
