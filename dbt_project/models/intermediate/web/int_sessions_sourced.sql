with

sessions as (

    select * from {{ ref('int_sessions_attributed') }}

),

web_events as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where
        referrer is not null
        and coalesce(utm_source, utm_medium, utm_campaign) is null

),

referrer_sources as (

    select * from {{ ref('referrer_sources') }}

),

-- Only the page that was landed on tells where a visit came from; later ones name the shop's own pages.
landings as (

    select
        sessions.session_id,
        web_events.referrer,
        row_number() over (partition by sessions.session_id order by web_events.event_id) as place

    from sessions
    inner join web_events
        on
            sessions.session_id = web_events.session_id
            and sessions.started_at = web_events.occurred_at
    where coalesce(sessions.utm_source, sessions.utm_medium, sessions.utm_campaign) is null

),

landed as (

    select
        session_id,
        lower(
            split_part(
                case when referrer like '%//%' then split_part(referrer, '//', 2) else referrer end, '/', 1
            )
        ) as host

    from landings
    where place = 1

),

hosts as (

    select distinct host from landed
    where host <> ''

),

hosts_ranked as (

    select
        hosts.host,
        referrer_sources.traffic_source,
        referrer_sources.traffic_medium,
        row_number() over (
            partition by hosts.host
            order by referrer_sources.precedence nulls last, referrer_sources.host_pattern
        ) as place

    from hosts
    left join referrer_sources
        on '.' || hosts.host like '%.' || referrer_sources.host_pattern

),

sourced as (

    select
        sessions.*,
        case
            when coalesce(sessions.utm_source, sessions.utm_medium, sessions.utm_campaign) is not null
                then lower(coalesce(sessions.utm_source, 'unknown'))
            when hosts_ranked.host is not null then coalesce(hosts_ranked.traffic_source, hosts_ranked.host)
            else 'direct'
        end as traffic_source,
        case
            when coalesce(sessions.utm_source, sessions.utm_medium, sessions.utm_campaign) is not null
                then lower(coalesce(sessions.utm_medium, 'unknown'))
            when hosts_ranked.host is not null then coalesce(hosts_ranked.traffic_medium, 'referral')
            else 'none'
        end as traffic_medium,
        lower(coalesce(sessions.utm_campaign, 'none')) as traffic_campaign

    from sessions
    left join landed
        on sessions.session_id = landed.session_id
    left join hosts_ranked
        on
            landed.host = hosts_ranked.host
            and hosts_ranked.place = 1

)

select
    session_id,
    visitor_id,
    customer_id,
    channel,
    started_at,
    traffic_source,
    traffic_medium,
    traffic_campaign,
    traffic_source = 'direct' and traffic_medium = 'none' as is_direct

from sourced
