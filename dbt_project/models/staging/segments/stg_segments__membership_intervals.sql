select
    segment,
    customer_id,
    entered_on,
    left_on

from {{ source('segments', 'membership_intervals') }}
