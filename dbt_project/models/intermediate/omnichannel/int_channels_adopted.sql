with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where customer_id is not null and is_revenue

),

began as (

    select
        customer_id,
        channel,
        min(ordered_at) as adopted_at

    from orders
    group by customer_id, channel

),

firsts as (

    select
        customer_id,
        min(adopted_at) as first_ordered_at

    from began
    group by customer_id

),

-- Only where both halves are in sight: a customer from before the first of them, and a window that has ended.
adopted as (

    select
        began.customer_id,
        began.channel,
        began.adopted_at

    from began
    inner join firsts
        on began.customer_id = firsts.customer_id
    where
        began.adopted_at >= {{ add_days('firsts.first_ordered_at', var('cannibalisation_days')) }}
        and {{ add_days('began.adopted_at', var('cannibalisation_days')) }} <= {{ as_of_end() }}

)

select
    adopted.customer_id,
    adopted.channel,
    adopted.adopted_at,
    cast(
        sum(case when orders.ordered_at < adopted.adopted_at then orders.revenue_amount else 0 end)
        as decimal(18, 2)
    ) as before_amount,
    cast(
        sum(
            case
                when orders.ordered_at >= adopted.adopted_at and orders.channel <> adopted.channel
                    then orders.revenue_amount
                else 0
            end
        ) as decimal(18, 2)
    ) as after_elsewhere_amount,
    cast(
        sum(
            case
                when orders.ordered_at >= adopted.adopted_at and orders.channel = adopted.channel
                    then orders.revenue_amount
                else 0
            end
        ) as decimal(18, 2)
    ) as after_in_channel_amount

from adopted
inner join orders
    on
        adopted.customer_id = orders.customer_id
        and {{ add_days('orders.ordered_at', var('cannibalisation_days')) }} >= adopted.adopted_at
        and orders.ordered_at < {{ add_days('adopted.adopted_at', var('cannibalisation_days')) }}
group by adopted.customer_id, adopted.channel, adopted.adopted_at
