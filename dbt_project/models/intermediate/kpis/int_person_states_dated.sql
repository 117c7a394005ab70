{%- set months = var('headline_months') | int -%}

with

touches as (

    select * from {{ ref('int_touches_unioned') }}
    where customer_id is not null

),

records as (

    select * from {{ ref('int_records_identified') }}

),

records_divided as (

    select * from {{ ref('int_records_clustered') }}

),

person_months as (

    select * from {{ ref('int_person_months_summed') }}
    where order_count > 0

),

touched as (

    select
        record_id,
        min(touched_at) as first_touched_at

    from touches
    group by record_id

),

-- least() ignores nulls on both engines.
known as (

    select
        records_divided.identity_threshold,
        records_divided.person_id,
        min(least(coalesce(records.created_at, records.updated_at), touched.first_touched_at)) as first_seen_at

    from records_divided
    left join records
        on records_divided.record_id = records.record_id
    left join touched
        on records_divided.record_id = touched.record_id
    where records.record_id is not null or touched.record_id is not null
    group by records_divided.identity_threshold, records_divided.person_id

),

-- Each month with orders, until the next one: in between, a state can only end.
ordered as (

    select
        identity_threshold,
        person_id,
        month_number,
        order_count,
        lead(month_number) over (partition by identity_threshold, person_id order by month_number) as next_month,
        lag(month_number) over (partition by identity_threshold, person_id order by month_number) as previous_month,
        max(case when store_order_count > 0 then month_number end) over (
            partition by identity_threshold, person_id order by month_number
            rows between unbounded preceding and current row
        ) as last_store_month,
        max(case when online_order_count > 0 then month_number end) over (
            partition by identity_threshold, person_id order by month_number
            rows between unbounded preceding and current row
        ) as last_online_month

    from person_months

),

pieces as (

    select
        identity_threshold,
        person_id,
        month_number as from_month,
        previous_month,
        least(next_month, month_number + {{ months }}) as until_month,
        least(next_month, case when order_count > 1 then month_number else previous_month end + {{ months }})
            as repeat_until_month,
        least(
            next_month,
            case
                when last_store_month is not null and last_online_month is not null
                    then least(last_store_month, last_online_month) + {{ months }}
            end
        ) as omnichannel_until_month,
        order_count > 1 or previous_month is not null as has_repeated,
        last_store_month is not null and last_online_month is not null as has_crossed

    from ordered

),

islands as (

    select
        *,
        sum(case when from_month <= previous_month + {{ months }} then 0 else 1 end) over (
            partition by identity_threshold, person_id order by from_month
            rows between unbounded preceding and current row
        ) as stay_number

    from pieces

),

active as (

    select
        identity_threshold,
        person_id,
        min(from_month) as from_month,
        max(until_month) as until_month

    from islands
    group by identity_threshold, person_id, stay_number

),

active_before as (

    select
        identity_threshold,
        person_id,
        from_month + {{ months }} as from_month,
        until_month + {{ months }} as until_month

    from active

)

select
    identity_threshold,
    person_id,
    'known' as person_state,
    case
        when first_seen_at is not null then {{ month_number(local_date('first_seen_at')) }}
    end as from_month,
    cast(null as bigint) as until_month

from known

union all

select
    identity_threshold,
    person_id,
    'new' as person_state,
    from_month,
    from_month + 1 as until_month

from pieces
where previous_month is null

union all

select
    identity_threshold,
    person_id,
    'active' as person_state,
    from_month,
    until_month

from active

union all

select
    identity_threshold,
    person_id,
    'repeat' as person_state,
    from_month,
    repeat_until_month as until_month

from pieces
where has_repeated and repeat_until_month > from_month

union all

select
    identity_threshold,
    person_id,
    'omnichannel' as person_state,
    from_month,
    omnichannel_until_month as until_month

from pieces
where has_crossed and omnichannel_until_month > from_month

union all

select
    identity_threshold,
    person_id,
    'active_before' as person_state,
    from_month,
    until_month

from active_before

union all

select
    active.identity_threshold,
    active.person_id,
    'retained' as person_state,
    greatest(active.from_month, active_before.from_month) as from_month,
    least(active.until_month, active_before.until_month) as until_month

from active
inner join active_before
    on
        active.identity_threshold = active_before.identity_threshold
        and active.person_id = active_before.person_id
        and active.from_month < active_before.until_month
        and active.until_month > active_before.from_month
