with

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

lifecycle_segments as (

    select * from {{ ref('lifecycle_segments') }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}
    where family in ('rfm', 'lifecycle')

),

months_listed as (

    select * from {{ ref('int_months_listed') }}

),

segments_listed as (

    select
        'rfm' as family,
        segment

    from rfm_segments

    union all

    select
        'lifecycle' as family,
        segment

    from lifecycle_segments

),

-- A stay is counted from the first month end that finds it, until the first one that no longer does.
placed as (

    select
        family,
        segment,
        {{ month_start('entered_on') }} as from_month,
        {{ month_start('left_on') }} as until_month

    from customer_segments

),

moves as (

    select
        family,
        segment,
        from_month as month,
        1 as entered,
        0 as gone

    from placed
    where until_month is null or until_month > from_month

    union all

    select
        family,
        segment,
        until_month as month,
        0 as entered,
        1 as gone

    from placed
    where until_month > from_month

),

moved as (

    select
        family,
        segment,
        month,
        sum(entered) as entered,
        sum(gone) as gone

    from moves
    group by family, segment, month

),

first_months as (

    select
        family,
        min(from_month) as first_month

    from placed
    group by family

),

counted as (

    select
        segments_listed.family,
        segments_listed.segment,
        months_listed.month,
        coalesce(moved.entered, 0) as entered,
        coalesce(moved.gone, 0) as gone

    from segments_listed
    inner join first_months
        on segments_listed.family = first_months.family
    inner join months_listed
        on first_months.first_month <= months_listed.month
    left join moved
        on
            segments_listed.family = moved.family
            and segments_listed.segment = moved.segment
            and months_listed.month = moved.month

)

select
    family,
    segment,
    month,
    least({{ month_end('month') }}, {{ as_of_date() }}) as counted_on,
    {{ month_end('month') }} <= {{ as_of_date() }} as is_complete,
    -- Who came so far and has not left.
    cast(
        sum(entered - gone) over (partition by family, segment order by month rows unbounded preceding) as bigint
    ) as member_count,
    cast(entered as bigint) as entered_count,
    cast(gone as bigint) as left_count

from counted
