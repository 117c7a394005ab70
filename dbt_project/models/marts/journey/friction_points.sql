with

frictions as (

    select * from {{ ref('friction_incidents') }}

),

-- A cart of several products is one incident; one of them bought later brings the cart back.
incidents as (

    select
        kind,
        incident_id,
        day,
        channel,
        max(customer_id) as customer_id,
        max(case when outcome = 'bought_in_store' then 1 else 0 end) as is_bought_in_store,
        max(case when outcome = 'bought_online' then 1 else 0 end) as is_bought_online,
        sum(revenue_at_risk) as revenue_at_risk

    from frictions
    group by kind, incident_id, day, channel

)

select
    day,
    channel,
    kind,
    count(*) as count,
    count(distinct customer_id) as customers,
    cast(sum(revenue_at_risk) as decimal(18, 2)) as revenue_at_risk,
    '{{ var("currency") }}' as currency,
    cast(sum(is_bought_in_store) as bigint) as bought_in_store,
    cast(sum(case when is_bought_in_store = 0 then is_bought_online else 0 end) as bigint) as bought_online,
    cast(sum(case when is_bought_in_store + is_bought_online = 0 then 1 else 0 end) as bigint) as not_recovered,
    cast(sum(case when customer_id is null then 1 else 0 end) as bigint) as anonymous

from incidents
group by day, channel, kind
