{%- set counted_events = {
    'page_view': 'page_view_count',
    'search': 'search_count',
    'product_view': 'product_view_count',
    'review_view': 'review_view_count',
    'store_availability_check': 'availability_check_count',
    'add_to_cart': 'add_to_cart_count',
    'remove_from_cart': 'remove_from_cart_count',
    'begin_checkout': 'begin_checkout_count',
    'checkout_error': 'checkout_error_count',
    'purchase': 'purchase_count',
    'signup': 'signup_count',
    'chat_open': 'chat_open_count',
} -%}

with

web_events as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where occurred_at < {{ as_of_end() }}

),

summed as (

    select
        session_id,
        min(source) as source,
        min(visitor_id) as visitor_id,
        min(channel) as channel,
        min(device) as device,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as event_count,
        {%- for event, column in counted_events.items() %}
        sum(case when event = '{{ event }}' then 1 else 0 end) as {{ column }},
        {%- endfor %}
        sum(case when event = 'product_view' and not is_in_stock then 1 else 0 end) as out_of_stock_view_count

    from web_events
    group by session_id

),

-- A visit comes from where its first event with a traffic source came from: the three are taken together.
traffic_ranked as (

    select
        session_id,
        utm_source,
        utm_medium,
        utm_campaign,
        row_number() over (partition by session_id order by occurred_at, event_id) as place

    from web_events
    where utm_source is not null or utm_medium is not null or utm_campaign is not null

),

-- Who logged in; should two accounts have done so within one visit, the one that did more.
accounts_counted as (

    select
        session_id,
        account_record_id,
        count(*) as event_count,
        min(occurred_at) as first_event_at

    from web_events
    where account_record_id is not null
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
    traffic_ranked.utm_source,
    traffic_ranked.utm_medium,
    traffic_ranked.utm_campaign,
    summed.event_count,
    {%- for column in counted_events.values() %}
    cast(summed.{{ column }} as bigint) as {{ column }},
    {%- endfor %}
    cast(summed.out_of_stock_view_count as bigint) as out_of_stock_view_count

from summed
left join traffic_ranked
    on
        summed.session_id = traffic_ranked.session_id
        and traffic_ranked.place = 1
left join accounts_ranked
    on
        summed.session_id = accounts_ranked.session_id
        and accounts_ranked.place = 1
