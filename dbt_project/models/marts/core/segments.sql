with

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

lifecycle_segments as (

    select * from {{ ref('lifecycle_segments') }}

),

definitions as (

    select * from {{ ref('stg_segments__definitions') }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}
    where is_current

),

members_found as (

    select * from {{ ref('int_segment_members_found') }}
    where is_unevaluated

),

built_in as (

    select
        'rfm' as family,
        segment,
        description,
        'recency ' || cast(recency_from as string) || ' to ' || cast(recency_to as string)
        || ', mean of frequency and monetary ' || cast(frequency_monetary_from as string)
        || ' to ' || cast(frequency_monetary_to as string) as rule,
        reason

    from rfm_segments

    union all

    select
        'lifecycle' as family,
        segment,
        description,
        rule,
        reason

    from lifecycle_segments

),

unioned as (

    select
        family,
        segment,
        description,
        rule,
        reason,
        cast(null as string) as owner,
        cast(null as string) as definition_digest,
        cast(null as date) as first_computed_on,
        cast(null as date) as defined_since,
        cast(null as date) as removed_on

    from built_in

    union all

    select
        'custom' as family,
        segment,
        description,
        condition as rule,
        reason,
        owner,
        definition_digest,
        first_computed_on,
        defined_since,
        removed_on

    from definitions

),

members_counted as (

    select
        family,
        segment,
        count(*) as member_count

    from customer_segments
    group by
        family,
        segment

),

unevaluated_counted as (

    select
        segment,
        count(*) as unevaluated_count

    from members_found
    group by segment

)

select
    unioned.family,
    unioned.segment,
    unioned.description,
    unioned.rule,
    unioned.reason,
    unioned.owner,
    coalesce(members_counted.member_count, 0) as member_count,
    case when unioned.family = 'custom' then coalesce(unevaluated_counted.unevaluated_count, 0) else 0 end
        as unevaluated_count,
    unioned.definition_digest,
    unioned.first_computed_on,
    unioned.defined_since,
    unioned.removed_on

from unioned
left join members_counted
    on
        unioned.family = members_counted.family
        and unioned.segment = members_counted.segment
left join unevaluated_counted
    on unioned.segment = unevaluated_counted.segment
