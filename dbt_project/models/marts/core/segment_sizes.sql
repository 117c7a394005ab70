with

nights_before as (

    select * from {{ ref('stg_segments__published_sizes') }}

),

definitions as (

    select * from {{ ref('stg_segments__definitions') }}
    where is_defined

),

stays as (

    select * from {{ ref('int_custom_segment_stays_dated') }}

),

counted as (

    select
        segment,
        sum(case when left_on is null then 1 else 0 end) as member_count,
        sum(case when entered_on = {{ as_of_date() }} then 1 else 0 end) as entered_count,
        sum(case when left_on = {{ as_of_date() }} then 1 else 0 end) as left_count

    from stays
    group by segment

)

select
    segment,
    night as computed_on,
    member_count,
    entered_count,
    left_count,
    definition_digest

from nights_before

union all

select
    definitions.segment,
    {{ as_of_date() }} as computed_on,
    cast(coalesce(counted.member_count, 0) as bigint) as member_count,
    cast(coalesce(counted.entered_count, 0) as bigint) as entered_count,
    cast(coalesce(counted.left_count, 0) as bigint) as left_count,
    definitions.definition_digest

from definitions
left join counted
    on definitions.segment = counted.segment
