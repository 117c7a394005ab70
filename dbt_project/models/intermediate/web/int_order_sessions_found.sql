with

orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

purchases as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where
        event = 'purchase'
        and occurred_at < {{ as_of_end() }}

),

web_events as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where occurred_at < {{ as_of_end() }}

),

-- The visit that reports the purchase; of several, such as a confirmation opened again, that of the session named.
purchases_ranked as (

    select
        orders.order_id,
        purchases.session_id,
        row_number() over (
            partition by orders.order_id
            order by
                case when purchases.session_reference = orders.session_reference then 0 else 1 end asc,
                purchases.occurred_at asc,
                purchases.event_id asc
        ) as place

    from orders
    inner join purchases
        on orders.order_id = purchases.order_id

),

references_unreported as (

    select distinct orders.session_reference

    from orders
    left join purchases_ranked
        on orders.order_id = purchases_ranked.order_id
    where purchases_ranked.order_id is null

),

-- Sessions are numbered by visitor: a number that two visitors have is the session of neither.
sessions_numbered as (

    select
        web_events.session_reference,
        min(web_events.session_id) as session_id,
        max(web_events.session_id) as other_session_id

    from web_events
    inner join references_unreported
        on web_events.session_reference = references_unreported.session_reference
    group by web_events.session_reference

)

select
    orders.order_id,
    case
        when purchases_ranked.session_id is not null then purchases_ranked.session_id
        when sessions_numbered.session_id = sessions_numbered.other_session_id then sessions_numbered.session_id
    end as session_id,
    purchases_ranked.session_id is null
    and coalesce(sessions_numbered.session_id <> sessions_numbered.other_session_id, false) as is_ambiguous

from orders
left join purchases_ranked
    on
        orders.order_id = purchases_ranked.order_id
        and purchases_ranked.place = 1
left join sessions_numbered
    on orders.session_reference = sessions_numbered.session_reference
