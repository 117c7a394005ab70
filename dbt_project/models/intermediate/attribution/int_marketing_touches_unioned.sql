with

sessions as (

    select * from {{ ref('int_sessions_sourced') }}

),

campaign_events as (

    select * from {{ ref('stg_crm__campaign_events') }}

),

records_named as (

    select * from {{ ref('int_records_named') }}

),

clicks as (

    select
        campaign_events.event_id,
        records_named.customer_id,
        campaign_events.channel,
        campaign_events.occurred_at,
        lower(campaign_events.campaign_id) as traffic_campaign

    from campaign_events
    inner join records_named
        on campaign_events.contact_record_id = records_named.named_record_id
    where
        campaign_events.event = 'clicked'
        and campaign_events.occurred_at < {{ as_of_end() }}

),

-- A click and the visit that it opens are one touch, and the visit says more.
clicks_followed as (

    select distinct clicks.event_id

    from clicks
    inner join sessions
        on
            clicks.customer_id = sessions.customer_id
            and clicks.traffic_campaign = sessions.traffic_campaign
            and clicks.occurred_at <= sessions.started_at
            and clicks.occurred_at >= sessions.started_at - interval '{{ var("click_to_visit_minutes") }}' minute

),

-- How the visits of a campaign are tagged, so that its clicks count on the same line.
campaign_tags as (

    select
        traffic_campaign,
        traffic_source,
        traffic_medium,
        row_number() over (
            partition by traffic_campaign
            order by count(*) desc, traffic_source asc, traffic_medium asc
        ) as place

    from sessions
    where traffic_campaign <> 'none'
    group by traffic_campaign, traffic_source, traffic_medium

),

unioned as (

    select
        session_id as touch_id,
        customer_id,
        visitor_id,
        session_id,
        started_at as touched_at,
        channel,
        traffic_source,
        traffic_medium,
        traffic_campaign

    from sessions
    where not is_direct

    union all

    select
        clicks.event_id as touch_id,
        clicks.customer_id,
        cast(null as string) as visitor_id,
        cast(null as string) as session_id,
        clicks.occurred_at as touched_at,
        clicks.channel,
        coalesce(campaign_tags.traffic_source, clicks.channel) as traffic_source,
        coalesce(campaign_tags.traffic_medium, clicks.channel) as traffic_medium,
        clicks.traffic_campaign

    from clicks
    left join clicks_followed
        on clicks.event_id = clicks_followed.event_id
    left join campaign_tags
        on
            clicks.traffic_campaign = campaign_tags.traffic_campaign
            and campaign_tags.place = 1
    where clicks_followed.event_id is null

),

sources_ranked as (

    select
        traffic_source,
        traffic_medium,
        row_number() over (order by count(*) desc, traffic_source asc, traffic_medium asc) as place

    from unioned
    group by traffic_source, traffic_medium

)

select
    unioned.*,
    case
        when sources_ranked.place <= {{ var('markov_max_states') }}
            then unioned.traffic_source || ' / ' || unioned.traffic_medium
        else 'other / ' || unioned.traffic_medium
    end as markov_state

from unioned
inner join sources_ranked
    on
        unioned.traffic_source = sources_ranked.traffic_source
        and unioned.traffic_medium = sources_ranked.traffic_medium
