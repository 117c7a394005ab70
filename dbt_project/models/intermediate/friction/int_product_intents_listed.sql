with

web_events as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where occurred_at < {{ as_of_end() }}

),

sessions as (

    select * from {{ ref('int_sessions_attributed') }}

),

products as (

    select * from {{ ref('int_products_priced') }}

),

-- What lies in the cart when the visit ends; each event moves one unit.
cart_lines as (

    select
        session_id,
        product_id,
        sum(case when event = 'add_to_cart' then 1 else -1 end) as quantity

    from web_events
    where event in ('add_to_cart', 'remove_from_cart')
    group by session_id, product_id
    having sum(case when event = 'add_to_cart' then 1 else -1 end) > 0

),

not_in_stock as (

    select
        session_id,
        product_id,
        store_id,
        min(occurred_at) as seen_at

    from web_events
    where
        event in ('product_view', 'store_availability_check')
        and not is_in_stock
    group by session_id, product_id, store_id

),

unioned as (

    select
        case when sessions.begin_checkout_count > 0 then 'checkout_abandoned' else 'cart_abandoned' end as kind,
        sessions.session_id,
        cart_lines.product_id,
        cast(null as string) as store_id,
        sessions.ended_at as intended_at,
        cart_lines.quantity

    from sessions
    left join cart_lines
        on sessions.session_id = cart_lines.session_id
    where
        sessions.order_id is null
        and sessions.purchase_count = 0
        -- A checkout may go on with what an earlier visit put into the cart.
        and (cart_lines.session_id is not null or sessions.begin_checkout_count > 0)

    union all

    select
        'out_of_stock_view' as kind,
        session_id,
        product_id,
        store_id,
        seen_at as intended_at,
        1 as quantity

    from not_in_stock

)

select
    unioned.kind,
    unioned.session_id,
    unioned.product_id,
    unioned.store_id,
    unioned.intended_at,
    cast(unioned.quantity as bigint) as quantity,
    cast(unioned.quantity * products.price as decimal(18, 2)) as amount,
    sessions.channel,
    sessions.customer_id,
    sessions.visitor_id

from unioned
inner join sessions
    on unioned.session_id = sessions.session_id
left join products
    on unioned.product_id = products.product_id
