with

web_events as (

    select * from {{ ref('stg_ecommerce__web_events') }}

),

sessions as (

    select * from {{ ref('int_sessions_attributed') }}

),

products as (

    select * from {{ ref('int_products_deduplicated') }}

)

select
    web_events.event_id,
    sessions.customer_id,
    web_events.product_id,
    products.category,
    web_events.occurred_at as viewed_at,
    sessions.channel

from web_events
inner join sessions
    on web_events.session_id = sessions.session_id
left join products
    on web_events.product_id = products.product_id
where
    web_events.event in ('product_view', 'store_availability_check')
    and web_events.product_id is not null
    and web_events.occurred_at < {{ as_of_end() }}
    and sessions.customer_id is not null
