-- A row is a total over all months and sources that is not that of what it was made from: visits, spend, or the net
-- amount of the orders under some model.
with

performance as (

    select
        coalesce(sum(sessions), 0) as sessions,
        coalesce(sum(spend), 0) as spend,
        coalesce(sum(revenue_first_touch), 0) as revenue_first_touch,
        coalesce(sum(revenue_last_touch), 0) as revenue_last_touch,
        coalesce(sum(revenue_linear), 0) as revenue_linear,
        coalesce(sum(revenue_position_based), 0) as revenue_position_based,
        coalesce(sum(revenue_time_decay), 0) as revenue_time_decay,
        coalesce(sum(revenue_markov), 0) as revenue_markov

    from {{ ref('traffic_source_performance') }}

),

visits as (

    select count(distinct source || ':' || session_id) as sessions
    from {{ source('ecommerce', 'web_events') }}
    where occurred_at < {{ as_of_end() }}

),

spent as (

    select coalesce(sum(amount), 0) as spend
    from {{ source('ecommerce', 'ad_spend') }}
    where date <= {{ as_of_date() }}

),

ordered as (

    select coalesce(sum(net_amount), 0) as revenue
    from {{ ref('orders') }}

)

select
    performance.*,
    visits.sessions as sessions_in_extracts,
    spent.spend as spend_in_extracts,
    ordered.revenue as net_amount_of_orders

from performance
cross join visits
cross join spent
cross join ordered
where
    performance.sessions <> visits.sessions
    or performance.spend <> spent.spend
    or performance.revenue_first_touch <> ordered.revenue
    or performance.revenue_last_touch <> ordered.revenue
    or performance.revenue_linear <> ordered.revenue
    or performance.revenue_position_based <> ordered.revenue
    or performance.revenue_time_decay <> ordered.revenue
    or performance.revenue_markov <> ordered.revenue
