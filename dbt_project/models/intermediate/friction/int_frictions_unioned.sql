{{ config(materialized='view') }}

with

intents as (

    select * from {{ ref('int_product_intents_resolved') }}

),

sessions as (

    select * from {{ ref('int_sessions_attributed') }}

),

searches as (

    select * from {{ ref('int_searches_failed') }}

),

returns as (

    select * from {{ ref('int_returns_unioned') }}
    where is_revenue

),

interactions as (

    select * from {{ ref('int_interactions_attributed') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

waits as (

    select * from {{ ref('int_long_waits_valued') }}

),

stockouts as (

    select * from {{ ref('int_stockouts_valued') }}

),

checkouts_lost as (

    select
        session_id,
        sum(case when outcome is null then amount else 0 end) as amount

    from intents
    where kind = 'checkout_abandoned'
    group by session_id

),

contacts as (

    select
        interactions.*,
        case when orders.is_revenue then orders.revenue_amount else 0 end as amount

    from interactions
    left join orders
        on interactions.order_id = orders.order_id

),

unioned as (

    -- A cart is one incident, whatever lies in it; a product seen out of stock is one for each visit and store.
    select
        kind,
        case
            when kind = 'out_of_stock_view'
                then session_id || ':' || coalesce(product_id, '') || ':' || coalesce(store_id, '')
            else session_id
        end as incident_id,
        {{ local_date('intended_at') }} as day,
        channel,
        store_id,
        product_id,
        customer_id,
        outcome,
        bought_order_id as order_id,
        quantity,
        case when outcome is null then amount else 0 end as revenue_at_risk

    from intents

    union all

    select
        'checkout_error' as kind,
        sessions.session_id as incident_id,
        {{ local_date('sessions.started_at') }} as day,
        sessions.channel,
        cast(null as string) as store_id,
        cast(null as string) as product_id,
        sessions.customer_id,
        case when sessions.order_id is not null or sessions.purchase_count > 0 then 'bought_online' end as outcome,
        sessions.order_id,
        sessions.checkout_error_count as quantity,
        checkouts_lost.amount as revenue_at_risk

    from sessions
    left join checkouts_lost
        on sessions.session_id = checkouts_lost.session_id
    where sessions.checkout_error_count > 0

    union all

    select
        'search_without_result' as kind,
        searches.event_id as incident_id,
        {{ local_date('searches.searched_at') }} as day,
        sessions.channel,
        cast(null as string) as store_id,
        cast(null as string) as product_id,
        sessions.customer_id,
        cast(null as string) as outcome,
        cast(null as string) as order_id,
        1 as quantity,
        0 as revenue_at_risk

    from searches
    inner join sessions
        on searches.session_id = sessions.session_id

    union all

    select
        'return' as kind,
        return_id as incident_id,
        {{ local_date('returned_at') }} as day,
        booked_channel as channel,
        store_id,
        product_id,
        customer_id,
        cast(null as string) as outcome,
        order_id,
        quantity,
        refund_amount as revenue_at_risk

    from returns

    union all

    select
        'complaint' as kind,
        interaction_id as incident_id,
        {{ local_date('started_at') }} as day,
        channel,
        store_id,
        product_id,
        customer_id,
        cast(null as string) as outcome,
        order_id,
        1 as quantity,
        amount as revenue_at_risk

    from contacts
    where kind = 'complaint'

    union all

    select
        'unresolved_contact' as kind,
        interaction_id as incident_id,
        {{ local_date('started_at') }} as day,
        channel,
        store_id,
        product_id,
        customer_id,
        cast(null as string) as outcome,
        order_id,
        1 as quantity,
        amount as revenue_at_risk

    from contacts
    where not is_resolved

    union all

    select
        'long_wait' as kind,
        store_id || ':' || cast(day as string) as incident_id,
        day,
        'store' as channel,
        store_id,
        cast(null as string) as product_id,
        cast(null as string) as customer_id,
        cast(null as string) as outcome,
        cast(null as string) as order_id,
        1 as quantity,
        revenue_at_risk

    from waits

    union all

    select
        'stockout' as kind,
        store_id || ':' || product_id || ':' || cast(day as string) as incident_id,
        day,
        'store' as channel,
        store_id,
        product_id,
        cast(null as string) as customer_id,
        cast(null as string) as outcome,
        cast(null as string) as order_id,
        1 as quantity,
        revenue_at_risk

    from stockouts

)

select
    kind,
    incident_id,
    day,
    channel,
    store_id,
    product_id,
    customer_id,
    outcome,
    order_id,
    cast(quantity as decimal(18, 3)) as quantity,
    cast(coalesce(revenue_at_risk, 0) as decimal(18, 2)) as revenue_at_risk

from unioned
