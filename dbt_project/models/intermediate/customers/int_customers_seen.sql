with

records as (

    select * from {{ ref('int_records_identified') }}

),

touchpoints as (

    select * from {{ ref('int_touches_sequenced') }}

),

recorded as (

    select
        customer_id,
        min(coalesce(created_at, updated_at)) as first_recorded_at

    from records
    group by customer_id

),

touched as (

    select
        customer_id,
        min(touched_at) as first_touched_at,
        max(case when is_real_touch then touched_at end) as last_touched_at

    from touchpoints
    group by customer_id

)

select
    coalesce(recorded.customer_id, touched.customer_id) as customer_id,
    -- least() ignores nulls on both engines.
    least(recorded.first_recorded_at, touched.first_touched_at) as first_seen_at,
    coalesce(touched.last_touched_at, recorded.first_recorded_at) as last_seen_at

from recorded
full outer join touched
    on recorded.customer_id = touched.customer_id
