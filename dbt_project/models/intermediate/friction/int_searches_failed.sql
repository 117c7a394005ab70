with

web_events as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where occurred_at < {{ as_of_end() }}

),

-- The next search, and the next time a product was looked at, of each event of a visit.
followed as (

    select
        event_id,
        session_id,
        event,
        occurred_at,
        min(case when event = 'search' then place end) over coming as next_search_place,
        min(
            case
                when event in ('product_view', 'review_view', 'store_availability_check', 'add_to_cart') then place
            end
        ) over coming as next_product_place

    from (
        select
            *,
            row_number() over (partition by session_id order by occurred_at, event_id) as place

        from web_events
    ) as numbered
    window coming as (partition by session_id order by place rows between 1 following and unbounded following)

)

select
    event_id,
    session_id,
    occurred_at as searched_at

from followed
where
    event = 'search'
    and (next_product_place is null or next_product_place > next_search_place)
