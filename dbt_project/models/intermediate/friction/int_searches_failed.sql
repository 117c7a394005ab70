with

-- What was done after a search that tells how it went: another search, or a look at a product.
web_events as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where
        event in ('search', 'product_view', 'review_view', 'store_availability_check', 'add_to_cart')
        and occurred_at < {{ as_of_end() }}

),

sessions_with_search as (

    select distinct session_id from {{ ref('stg_ecommerce__web_events') }}
    where
        event = 'search'
        and occurred_at < {{ as_of_end() }}

),

followed as (

    select
        web_events.event_id,
        web_events.session_id,
        web_events.event,
        web_events.occurred_at,
        lead(web_events.event) over (
            partition by web_events.session_id order by web_events.occurred_at, web_events.event_id
        ) as next_event

    from web_events
    inner join sessions_with_search
        on web_events.session_id = sessions_with_search.session_id

)

select
    event_id,
    session_id,
    occurred_at as searched_at

from followed
where
    event = 'search'
    and (next_event is null or next_event = 'search')
