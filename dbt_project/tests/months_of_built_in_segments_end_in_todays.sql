-- A row is a built-in segment whose size in the month of as_of is not that of today's segments.
with

latest as (

    select
        family,
        segment,
        member_count

    from {{ ref('segment_monthly') }}
    where counted_on = {{ as_of_date() }}

),

today as (

    select
        family,
        segment,
        member_count

    from {{ ref('segments') }}
    where family <> 'custom'

)

select
    today.family,
    today.segment,
    today.member_count,
    latest.member_count as member_count_of_month

from today
left join latest
    on
        today.family = latest.family
        and today.segment = latest.segment
where today.member_count <> coalesce(latest.member_count, 0)
