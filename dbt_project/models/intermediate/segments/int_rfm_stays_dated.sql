with

scores as (

    select * from {{ ref('int_rfm_scored') }}

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

segmented as (

    select
        scores.customer_id,
        scores.snapshot_on,
        rfm_segments.segment

    from scores
    inner join rfm_segments
        on
            scores.rfm_recency between rfm_segments.recency_from and rfm_segments.recency_to
            and scores.frequency_monetary
            between rfm_segments.frequency_monetary_from and rfm_segments.frequency_monetary_to

),

compared as (

    select
        customer_id,
        segment,
        snapshot_on,
        lag(segment) over (partition by customer_id order by snapshot_on) as segment_before

    from segmented

)

select
    customer_id,
    segment,
    snapshot_on as entered_on,
    lead(snapshot_on) over (partition by customer_id order by snapshot_on) as left_on

from compared
where segment_before is null or segment_before <> segment
