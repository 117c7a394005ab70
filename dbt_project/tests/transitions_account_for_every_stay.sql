-- A row is a stage and entry channel whose transitions and open stays do not add up to all stays of it.
with

stays as (

    select
        stage,
        entry_channel,
        count(*) as stay_count,
        sum(case when left_at is null then 1 else 0 end) as open_count

    from {{ ref('customer_journey_stages') }}
    group by stage, entry_channel

),

transitions as (

    select
        from_stage,
        entry_channel,
        sum(count) as transition_count,
        min(stays) as fewest_stays,
        max(stays) as most_stays,
        max(open_stays) as open_count,
        sum(conversion_rate) as conversion_rate

    from {{ ref('journey_transitions') }}
    group by from_stage, entry_channel

)

select
    stays.stage,
    stays.entry_channel,
    stays.stay_count,
    stays.open_count,
    transitions.transition_count

from stays
full outer join transitions
    on
        stays.stage = transitions.from_stage
        and stays.entry_channel = transitions.entry_channel
where
    stays.stay_count is null
    or stays.stay_count <> coalesce(transitions.transition_count, 0) + stays.open_count
    or transitions.fewest_stays <> stays.stay_count
    or transitions.most_stays <> stays.stay_count
    or transitions.open_count <> stays.open_count
    or transitions.conversion_rate > 1.000001
