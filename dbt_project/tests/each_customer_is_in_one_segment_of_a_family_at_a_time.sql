-- A row is a stay in a segment that leaves a gap to the next one, overlaps it, lasts less than a day or begins after
-- as_of; or a stay in a segment that is not defined.
with

stays as (

    select
        customer_id,
        family,
        segment,
        entered_on,
        left_on,
        lead(entered_on) over (partition by customer_id, family order by entered_on) as next_entered_on

    from {{ ref('customer_segments') }}

)

select stays.*

from stays
left join {{ ref('segments') }} as segments
    on
        stays.family = segments.family
        and stays.segment = segments.segment
where
    segments.segment is null
    or stays.left_on <= stays.entered_on
    or stays.entered_on > {{ as_of_date() }}
    or (stays.left_on is null) <> (stays.next_entered_on is null)
    or stays.left_on <> stays.next_entered_on
