-- A row is a source and channel whose orders, less what was paid back, do not add up to what the shop and the till
-- took, to the cent: an order or refund was lost, counted twice or changed on its way through the models. Online what
-- was paid is compared; at the tills what was paid without tips and gift cards, which may stand beside a return.
with

orders as (

    select
        source,
        channel,
        sum(total_amount) as ordered_amount,
        sum(revenue_amount) as revenue_amount

    from {{ ref('orders') }}
    group by source, channel

),

till_refunds as (

    select
        source,
        sum(refund_amount) as refund_amount

    from {{ ref('returns') }}
    where ticket_id is not null
    group by source

),

shop_refunds as (

    select
        source,
        sum(refund_amount) as refund_amount

    from {{ ref('returns') }}
    where ticket_id is null
    group by source

),

{{ extracted_money() }},

sold_by_shops as (

    select
        source,
        channel,
        sum(total_amount) as total_amount

    from shop_orders
    group by source, channel

),

sold_by_tills as (

    select
        source,
        sum(revenue_amount) as total_amount

    from till_tickets
    group by source

),

refunded_by_shops as (

    select
        source,
        sum(refund_amount) as total_amount

    from shop_returns
    group by source

),

orders_online as (

    select * from orders
    where channel <> 'store'

),

compared as (

    select
        'sold online' as money,
        coalesce(orders.source, sold_by_shops.source) as source,
        coalesce(orders.channel, sold_by_shops.channel) as channel,
        orders.ordered_amount as in_marts,
        sold_by_shops.total_amount as in_extracts

    from orders_online as orders
    full outer join sold_by_shops
        on
            orders.source = sold_by_shops.source
            and orders.channel = sold_by_shops.channel

    union all

    select
        'taken by tills' as money,
        sold_by_tills.source,
        'store' as channel,
        coalesce(orders.revenue_amount, 0) - coalesce(till_refunds.refund_amount, 0) as in_marts,
        sold_by_tills.total_amount as in_extracts

    from sold_by_tills
    left join orders
        on
            sold_by_tills.source = orders.source
            and orders.channel = 'store'
    left join till_refunds
        on sold_by_tills.source = till_refunds.source

    union all

    select
        'refunded by shops' as money,
        coalesce(shop_refunds.source, refunded_by_shops.source) as source,
        cast(null as string) as channel,
        shop_refunds.refund_amount as in_marts,
        refunded_by_shops.total_amount as in_extracts

    from shop_refunds
    full outer join refunded_by_shops
        on shop_refunds.source = refunded_by_shops.source

)

select *
from compared
where coalesce(in_marts, 0) <> coalesce(in_extracts, 0)
