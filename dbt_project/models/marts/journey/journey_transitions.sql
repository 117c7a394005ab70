with

stays as (

    select * from {{ ref('customer_journey_stages') }}

),

left_for as (

    select
        customer_id,
        stage as from_stage,
        lead(stage) over (partition by customer_id order by stay_number) as to_stage,
        entry_channel,
        {{ epoch_seconds('left_at') }} - {{ epoch_seconds('entered_at') }} as stayed_seconds

    from stays

),

begun as (

    select
        from_stage,
        entry_channel,
        count(*) as stay_count,
        sum(case when to_stage is null then 1 else 0 end) as open_count

    from left_for
    group by from_stage, entry_channel

),

ranked as (

    select
        *,
        row_number() over (
            partition by from_stage, to_stage, entry_channel order by stayed_seconds, customer_id
        ) as place,
        count(*) over (partition by from_stage, to_stage, entry_channel) as transition_count

    from left_for
    where to_stage is not null

),

-- The smallest value that the share of them reaches: a length that somebody stayed, the same on every engine.
counted as (

    select
        from_stage,
        to_stage,
        entry_channel,
        count(*) as transition_count,
        count(distinct customer_id) as customer_count,
        min(case when 100 * place >= 50 * transition_count then stayed_seconds end) as median_seconds,
        min(case when 100 * place >= 90 * transition_count then stayed_seconds end) as p90_seconds

    from ranked
    group by from_stage, to_stage, entry_channel

)

select
    counted.from_stage,
    counted.to_stage,
    counted.entry_channel,
    counted.transition_count as count,
    counted.customer_count as customers,
    begun.stay_count as stays,
    cast(begun.open_count as bigint) as open_stays,
    {{ share('counted.transition_count', 'begun.stay_count') }} as conversion_rate,
    {{ share('counted.median_seconds', 86400) }} as median_days,
    {{ share('counted.p90_seconds', 86400) }} as p90_days

from counted
inner join begun
    on
        counted.from_stage = begun.from_stage
        and counted.entry_channel = begun.entry_channel
