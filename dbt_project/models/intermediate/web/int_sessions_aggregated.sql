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
        and account_number is not null

),

-- Counted under the names that the source gives, of which keys are made once a visit: there are four events to one.
-- A visit comes from where its first event with a traffic source came from: the three are taken together.
summed as (

    select
        source,
        session_number,
        visitor_number,
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
    group by source, session_number, visitor_number

),

-- Who logged in; should two accounts have done so within one visit, the one that did more.
accounts_counted as (

    select
        source,
        session_number,
        visitor_number,
        account_number,
        count(*) as event_count,
        min(occurred_at) as first_event_at

    from logins
    group by source, session_number, visitor_number, account_number

),

accounts_ranked as (

    select
        source,
        session_number,
        visitor_number,
        account_number,
        row_number() over (
            partition by source, session_number, visitor_number
            order by event_count desc, first_event_at asc, account_number asc
        ) as place

    from accounts_counted

),

with_account as (

    select
        summed.*,
        summed.first_traffic.utm_source,
        summed.first_traffic.utm_medium,
        summed.first_traffic.utm_campaign,
        accounts_ranked.account_number

    from summed
    left join accounts_ranked
        on
            summed.source = accounts_ranked.source
            and summed.session_number = accounts_ranked.session_number
            and summed.visitor_number = accounts_ranked.visitor_number
            and accounts_ranked.place = 1

)

select
    {{ session_key('session_number', 'visitor_number') }} as session_id,
    source,
    {{ visitor_key('visitor_number') }} as visitor_id,
    {{ account_key('account_number') }} as account_record_id,
    channel,
    device,
    started_at,
    ended_at,
    {%- for column in counted_events.values() %}
    {{ column }},
    {%- endfor %}
    utm_source,
    utm_medium,
    utm_campaign

from with_account
