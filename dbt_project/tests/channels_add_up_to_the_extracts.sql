-- A row is a channel whose days in channel_performance do not add up to what the shops sold in it, or the tills took
-- in all, without tips and gift cards sold, in the retailer's currency; or the refunds of the shops, which are booked
-- by the channel of the order: they are compared in one sum.
with

performance as (

    select
        case when channel = 'store' then 'taken by tills' else 'sold online in ' || channel end as money,
        sum(
            ordered_amount + cancelled_amount
            - case when channel = 'store' then refund_amount + cancelled_refund_amount else 0 end
        ) as amount

    from {{ ref('channel_performance') }}
    group by channel

    union all

    select
        'refunded by shops' as money,
        coalesce(sum(refund_amount + cancelled_refund_amount), 0) as amount

    from {{ ref('channel_performance') }}
    where channel <> 'store'

),

{{ extracted_money() }},

extracts as (

    select
        'sold online in ' || channel as money,
        sum(revenue_amount) as amount

    from shop_orders
    group by channel

    union all

    select
        'taken by tills' as money,
        sum(revenue_amount) as amount

    from till_tickets

    union all

    select
        'refunded by shops' as money,
        sum(refund_amount) as amount

    from shop_returns

)

select
    coalesce(performance.money, extracts.money) as money,
    performance.amount as in_mart,
    extracts.amount as in_extracts

from performance
full outer join extracts
    on performance.money = extracts.money
where coalesce(performance.amount, 0) <> coalesce(extracts.amount, 0)
