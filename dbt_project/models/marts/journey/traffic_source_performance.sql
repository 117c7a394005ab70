{%- set models = attribution_models() -%}

with

sessions as (

    select * from {{ ref('int_sessions_sourced') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where is_revenue and session_id is not null

),

touches as (

    select * from {{ ref('int_marketing_touches_unioned') }}
    where session_id is null

),

credits as (

    select * from {{ ref('attribution_touches') }}

),

ad_spend as (

    select
        spent_on,
        utm_source,
        utm_medium,
        utm_campaign,
        impressions,
        clicks,
        {{ exchange('spend_amount', exchange_rate('currency', 'spent_on')) }} as spend_amount

    from {{ ref('stg_ecommerce__ad_spend') }}
    where spent_on <= {{ as_of_date() }}

),

sessions_with_orders as (

    select distinct session_id from orders

),

movements as (

    select
        {{ month_start(local_date('sessions.started_at')) }} as month,
        sessions.traffic_source as source,
        sessions.traffic_medium as medium,
        sessions.traffic_campaign as campaign,
        1 as sessions,
        case when sessions_with_orders.session_id is null then 0 else 1 end as conversions,
        0 as message_clicks,
        cast(0 as decimal(18, 2)) as spend,
        cast(0 as bigint) as impressions,
        cast(0 as bigint) as clicks,
        cast(null as string) as model,
        cast(0 as decimal(18, 2)) as credited_revenue

    from sessions
    left join sessions_with_orders
        on sessions.session_id = sessions_with_orders.session_id

    union all

    select
        {{ month_start(local_date('touched_at')) }} as month,
        traffic_source as source,
        traffic_medium as medium,
        traffic_campaign as campaign,
        0 as sessions,
        0 as conversions,
        1 as message_clicks,
        cast(0 as decimal(18, 2)) as spend,
        cast(0 as bigint) as impressions,
        cast(0 as bigint) as clicks,
        cast(null as string) as model,
        cast(0 as decimal(18, 2)) as credited_revenue

    from touches

    union all

    select
        {{ month_start('spent_on') }} as month,
        lower(utm_source) as source,
        lower(utm_medium) as medium,
        lower(coalesce(utm_campaign, 'none')) as campaign,
        0 as sessions,
        0 as conversions,
        0 as message_clicks,
        spend_amount as spend,
        coalesce(impressions, 0) as impressions,
        coalesce(clicks, 0) as clicks,
        cast(null as string) as model,
        cast(0 as decimal(18, 2)) as credited_revenue

    from ad_spend

    union all

    select
        {{ month_start('ordered_on') }} as month,
        source,
        medium,
        campaign,
        0 as sessions,
        0 as conversions,
        0 as message_clicks,
        cast(0 as decimal(18, 2)) as spend,
        cast(0 as bigint) as impressions,
        cast(0 as bigint) as clicks,
        model,
        credited_revenue

    from credits

),

summed as (

    select
        month,
        source,
        medium,
        campaign,
        sum(sessions) as sessions,
        sum(conversions) as conversions,
        sum(message_clicks) as message_clicks,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        {%- for model in models %}
        sum(case when model = '{{ model }}' then credited_revenue else 0 end) as revenue_{{ model }},
        {%- endfor %}
        sum(spend) as spend

    from movements
    group by month, source, medium, campaign

)

select
    month,
    source,
    medium,
    campaign,
    cast(sessions as bigint) as sessions,
    cast(conversions as bigint) as conversions,
    {{ share('conversions', 'sessions') }} as conversion_rate,
    cast(message_clicks as bigint) as message_clicks,
    cast(impressions as bigint) as impressions,
    cast(clicks as bigint) as clicks,
    cast(spend as decimal(18, 2)) as spend,
    {%- for model in models %}
    cast(revenue_{{ model }} as decimal(18, 2)) as revenue_{{ model }},
    {{ share('revenue_' ~ model, 'spend') }} as roas_{{ model }},
    {%- endfor %}
    {{ share('revenue_' ~ roas_model(), 'spend') }} as roas

from summed
