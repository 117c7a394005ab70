-- A row is a difference between the revenue of all channels and what known customers and nobody known brought.
with

channels as (

    select coalesce(sum(revenue), 0) as revenue
    from {{ ref('channel_performance') }}

),

brought as (

    select revenue_amount as amount
    from {{ ref('orders') }}
    where is_revenue

    union all

    select -refund_amount as amount
    from {{ ref('returns') }}
    where is_revenue

),

summed as (

    select coalesce(sum(amount), 0) as revenue
    from brought

)

select
    channels.revenue as of_channels,
    summed.revenue as of_orders_and_returns

from channels
cross join summed
where channels.revenue <> summed.revenue
