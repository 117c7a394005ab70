with

rfm_stays as (

    select * from {{ ref('int_rfm_stays_dated') }}

),

lifecycle_stays as (

    select * from {{ ref('int_lifecycle_stays_dated') }}

),

custom_stays as (

    select * from {{ ref('int_custom_segment_stays_dated') }}

),

unioned as (

    select
        customer_id,
        'rfm' as family,
        segment,
        entered_on,
        left_on

    from rfm_stays

    union all

    select
        customer_id,
        'lifecycle' as family,
        segment,
        entered_on,
        left_on

    from lifecycle_stays

    union all

    select
        customer_id,
        'custom' as family,
        segment,
        entered_on,
        left_on

    from custom_stays

)

select
    customer_id,
    family,
    segment,
    entered_on,
    left_on,
    left_on is null as is_current

from unioned
