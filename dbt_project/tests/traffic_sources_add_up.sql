-- A row is a total over all months and sources that is not that of what it was made from: visits, spend, or the net
-- amount of the orders under some model.
with

performance as (

    select
        {%- for model in attribution_models() %}
        coalesce(sum(revenue_{{ model }}), 0) as revenue_{{ model }},
        {%- endfor %}
        coalesce(sum(sessions), 0) as sessions,
        coalesce(sum(spend), 0) as spend

    from {{ ref('traffic_source_performance') }}

),

visits as (

    select count(distinct source || ':' || {{ key_part('session_id') }} || ':' || visitor_id) as sessions
    from {{ source('ecommerce', 'web_events') }}
    where occurred_at < {{ as_of_end() }}

),

spent as (

    select coalesce(sum({{ exchange('amount', exchange_rate('upper(currency)', 'date')) }}), 0) as spend
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
    {%- for model in attribution_models() %}
    or performance.revenue_{{ model }} <> ordered.revenue
    {%- endfor %}
