{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where is_revenue

),

tickets as (

    select * from {{ ref('int_tickets_classified') }}

),

pickups as (

    select * from {{ ref('int_pickups_unioned') }}

),

returns as (

    select * from {{ ref('int_returns_unioned') }}
    where is_revenue

),

web_to_store as (

    select * from {{ ref('int_web_to_store_orders_found') }}

),

store_to_web as (

    select * from {{ ref('int_store_to_web_orders_found') }}

),

refunded as (

    select
        order_id,
        sum(refund_amount) as refund_amount

    from returns
    where order_id is not null
    group by order_id

),

netted as (

    select
        orders.*,
        orders.revenue_amount - coalesce(refunded.refund_amount, 0) as net_amount

    from orders
    left join refunded
        on orders.order_id = refunded.order_id

),

online as (

    select * from netted
    where channel <> 'store'

),

unioned as (

    select
        'web_to_store' as path,
        netted.order_id as step_id,
        netted.customer_id,
        netted.ordered_at as happened_at,
        web_to_store.order_id is not null as is_followed,
        netted.net_amount

    from netted
    inner join tickets
        on netted.order_id = tickets.ticket_id
    left join web_to_store
        on netted.order_id = web_to_store.order_id
    where
        netted.customer_id is not null
        and not tickets.is_pickup

    union all

    select
        'store_to_web' as path,
        online.order_id as step_id,
        online.customer_id,
        online.ordered_at as happened_at,
        store_to_web.order_id is not null as is_followed,
        online.net_amount

    from online
    left join store_to_web
        on online.order_id = store_to_web.order_id
    where
        online.customer_id is not null
        and online.sold_by_store_id is null

    union all

    select
        'click_and_collect' as path,
        order_id as step_id,
        customer_id,
        ordered_at as happened_at,
        fulfilment = 'click_and_collect' as is_followed,
        net_amount

    from online

    union all

    select
        'ship_from_store' as path,
        order_id as step_id,
        customer_id,
        ordered_at as happened_at,
        fulfilment = 'ship_from_store' as is_followed,
        net_amount

    from online

    union all

    select
        'sold_by_store' as path,
        order_id as step_id,
        customer_id,
        ordered_at as happened_at,
        sold_by_store_id is not null as is_followed,
        net_amount

    from online

    union all

    select
        'click_and_collect_addon' as path,
        pickups.pickup_id as step_id,
        pickups.customer_id,
        pickups.picked_up_at as happened_at,
        netted.order_id is not null as is_followed,
        netted.net_amount

    from pickups
    left join netted
        on pickups.pickup_id = netted.order_id || ':pickup' and netted.channel = 'store'

    union all

    -- Lines brought back together are one step.
    select
        'return_across_channels' as path,
        min(return_id) as step_id,
        customer_id,
        returned_at as happened_at,
        order_channel is not null and (order_channel = 'store') <> (returned_via = 'store') as is_followed,
        -sum(refund_amount) as net_amount

    from returns
    group by customer_id, returned_at, order_channel, returned_via, order_id, store_id

)

select
    path,
    step_id,
    customer_id,
    happened_at,
    is_followed,
    cast(net_amount as decimal(18, 2)) as net_amount

from unioned
