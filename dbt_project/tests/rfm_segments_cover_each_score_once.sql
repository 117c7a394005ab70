-- A row is a pair of scores that no segment covers, or that two do: a customer would be lost or counted twice.
with

scores as (

    select score
    from (values (1), (2), (3), (4), (5)) as listed (score)  -- noqa: AL05

),

pairs as (

    select
        recencies.score as recency,
        others.score as frequency_monetary

    from scores as recencies
    cross join scores as others

)

select
    pairs.recency,
    pairs.frequency_monetary,
    count(rfm_segments.segment) as segment_count

from pairs
left join {{ ref('rfm_segments') }} as rfm_segments
    on
        pairs.recency between rfm_segments.recency_from and rfm_segments.recency_to
        and pairs.frequency_monetary
        between rfm_segments.frequency_monetary_from and rfm_segments.frequency_monetary_to
group by pairs.recency, pairs.frequency_monetary
having count(rfm_segments.segment) <> 1
