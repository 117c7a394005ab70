with

touches as (

    select * from {{ ref('int_touches_sequenced') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

purchases as (

    select * from {{ ref('int_purchases_summed') }}

),

used as (

    select distinct
        'touched' as scope,
        customer_id,
        channel

    from touches
    where
        is_real_touch
        and channel <> 'unknown'

    union all

    select distinct
        'bought' as scope,
        customer_id,
        channel

    from orders
    where
        customer_id is not null
        and is_revenue

),

combined as (

    select
        scope,
        customer_id,
        {{ list_values('channel') }} as channels,
        count(*) as channel_count

    from used
    group by scope, customer_id

),

summed as (

    select
        combined.scope,
        combined.channels,
        combined.channel_count,
        count(*) as customer_count,
        sum(coalesce(purchases.order_count, 0)) as order_count,
        sum(coalesce(purchases.ordered_amount - purchases.refunded_amount, 0)) as net_amount

    from combined
    left join purchases
        on combined.customer_id = purchases.customer_id
    group by combined.scope, combined.channels, combined.channel_count

)

select
    scope,
    channels,
    channel_count,
    customer_count as customers,
    {{ share('customer_count', 'sum(customer_count) over (partition by scope)') }} as share_of_customers,
    cast(order_count as bigint) as orders,
    cast(net_amount as decimal(18, 2)) as revenue,
    cast({{ divide_money('net_amount', 'customer_count') }} as decimal(18, 2)) as revenue_per_customer,
    '{{ var("currency") }}' as currency

from summed
