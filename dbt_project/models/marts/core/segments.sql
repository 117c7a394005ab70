with

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

lifecycle_segments as (

    select * from {{ ref('lifecycle_segments') }}

)

select
    'rfm' as family,
    segment,
    description,
    'recency ' || cast(recency_from as string) || ' to ' || cast(recency_to as string)
    || ', mean of frequency and monetary ' || cast(frequency_monetary_from as string)
    || ' to ' || cast(frequency_monetary_to as string) as rule,
    reason

from rfm_segments

union all

select
    'lifecycle' as family,
    segment,
    description,
    rule,
    reason

from lifecycle_segments
