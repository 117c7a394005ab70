-- A row is a stay in a segment that lasts less than a day, begins after as_of, overlaps the next one or, in families
-- that leave nobody out, leaves a gap to it; or a stay in a segment that is not defined.
with

stays as (

    select
        customer_id,
        family,
        segment,
        entered_on,
        left_on,
        lead(entered_on) over (
            partition by customer_id, family, case when family = 'custom' then segment end
            order by entered_on
        ) as next_entered_on

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
    or stays.left_on > {{ as_of_date() }}
    or stays.entered_on > {{ as_of_date() }}
    or (stays.left_on is null and stays.next_entered_on is not null)
    or (stays.family <> 'custom' and stays.left_on is not null and stays.next_entered_on is null)
    or (stays.family <> 'custom' and stays.left_on <> stays.next_entered_on)
    or (stays.family = 'custom' and stays.left_on >= stays.next_entered_on)
