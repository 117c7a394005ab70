with

stays as (

    select * from {{ ref('int_stage_stays_dated') }}

)

select
    customer_id,
    stay_number,
    stage,
    stage_before,
    entered_at,
    left_at,
    {{ share(
        epoch_seconds('coalesce(left_at, ' ~ as_of_end() ~ ')') ~ ' - ' ~ epoch_seconds('entered_at'), 86400
    ) }} as duration_days,
    entry_channel

from stays
