-- A row is a stay in a stage that leaves a gap, overlaps the next one, has no length or ends too late; or a customer
-- whose stays do not begin with the first touch, or do not reach the end of as_of.
with

stays as (

    select
        customer_id,
        stay_number,
        entered_at,
        left_at,
        lead(entered_at) over (partition by customer_id order by stay_number) as next_entered_at

    from {{ ref('customer_journey_stages') }}

),

first_touches as (

    select
        customer_id,
        touched_at as first_touched_at

    from {{ ref('customer_touchpoints') }}
    where touch_number = 1

)

select
    coalesce(stays.customer_id, first_touches.customer_id) as customer_id,
    stays.stay_number,
    stays.entered_at,
    stays.left_at,
    stays.next_entered_at,
    first_touches.first_touched_at

from stays
full outer join first_touches
    on stays.customer_id = first_touches.customer_id
where
    stays.customer_id is null
    or first_touches.customer_id is null
    or stays.left_at <= stays.entered_at
    or coalesce(stays.left_at, {{ as_of_end() }}) <> coalesce(stays.next_entered_at, {{ as_of_end() }})
    or (stays.left_at is null) <> (stays.next_entered_at is null)
    or (stays.stay_number = 1 and stays.entered_at <> first_touches.first_touched_at)
    or stays.entered_at >= {{ as_of_end() }}
