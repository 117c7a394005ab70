with

intents as (

    select * from {{ ref('int_product_intents_listed') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where is_revenue

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

sessions as (

    select * from {{ ref('int_sessions_attributed') }}

),

bought as (

    select
        orders.order_id,
        orders.customer_id,
        sessions.visitor_id,
        orders.ordered_at,
        orders.channel,
        order_lines.product_id

    from orders
    inner join order_lines
        on orders.order_id = order_lines.order_id
    left join sessions
        on orders.session_id = sessions.session_id
    where order_lines.quantity > 0

),

-- By the same customer, or from the same device where the visit is anonymous.
matched as (

    select
        intents.kind,
        intents.session_id,
        intents.product_id,
        intents.store_id,
        bought.order_id,
        bought.channel,
        bought.ordered_at

    from intents
    inner join bought
        on
            intents.customer_id = bought.customer_id
            and intents.product_id = bought.product_id
            and intents.intended_at < bought.ordered_at
            and {{ add_days('intents.intended_at', var('cart_recovery_days')) }} >= bought.ordered_at

    union all

    select
        intents.kind,
        intents.session_id,
        intents.product_id,
        intents.store_id,
        bought.order_id,
        bought.channel,
        bought.ordered_at

    from intents
    inner join bought
        on
            intents.visitor_id = bought.visitor_id
            and intents.product_id = bought.product_id
            and intents.intended_at < bought.ordered_at
            and {{ add_days('intents.intended_at', var('cart_recovery_days')) }} >= bought.ordered_at
    where intents.customer_id is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by kind, session_id, product_id, store_id order by ordered_at, order_id
        ) as place

    from matched

)

select
    intents.kind,
    intents.session_id,
    intents.product_id,
    intents.store_id,
    intents.intended_at,
    intents.quantity,
    intents.amount,
    intents.channel,
    intents.customer_id,
    ranked.order_id as bought_order_id,
    ranked.ordered_at as bought_at,
    case
        when ranked.channel = 'store' then 'bought_in_store'
        when ranked.channel is not null then 'bought_online'
    end as outcome

from intents
left join ranked
    on
        intents.kind = ranked.kind
        and intents.session_id = ranked.session_id
        and intents.product_id = ranked.product_id
        and coalesce(intents.store_id, '') = coalesce(ranked.store_id, '')
        and ranked.place = 1
