-- A row is a kind whose days and channels in friction_points do not add up to its incidents, or whose incidents are
-- neither recovered nor not; or an incident that stands on two days, in two channels or for two customers.
with

points as (

    select
        kind,
        sum(count) as incident_count,
        sum(bought_in_store + bought_online + not_recovered) as followed_count,
        sum(revenue_at_risk) as revenue_at_risk

    from {{ ref('friction_points') }}
    group by kind

),

incidents as (

    select
        kind,
        count(distinct incident_id) as incident_count,
        sum(revenue_at_risk) as revenue_at_risk

    from {{ ref('friction_incidents') }}
    group by kind

),

torn as (

    select kind
    from {{ ref('friction_incidents') }}
    group by kind, incident_id
    having
        min(day) <> max(day)
        or min(channel) <> max(channel)
        or min(customer_id) <> max(customer_id)

)

select coalesce(points.kind, incidents.kind) as kind

from points
full outer join incidents
    on points.kind = incidents.kind
where
    points.kind is null
    or incidents.kind is null
    or points.incident_count <> incidents.incident_count
    or points.followed_count <> incidents.incident_count
    or points.revenue_at_risk <> incidents.revenue_at_risk

union all

select kind from torn
