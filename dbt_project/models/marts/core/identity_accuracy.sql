with

accuracy as (

    select * from {{ ref('stg_identity__accuracy') }}

),

thresholds as (

    select * from {{ ref('stg_identity__thresholds') }}

),

measures as (

    select
        measure,
        estimate,
        low,
        high

    from accuracy

    union all

    select
        identity_threshold || '_offset_bits' as measure,
        offset_bits as estimate,
        cast(null as double) as low,
        cast(null as double) as high

    from thresholds

    union all

    select
        identity_threshold || '_moved_pairs' as measure,
        cast(moved_pairs as double) as estimate,
        cast(null as double) as low,
        cast(null as double) as high

    from thresholds

)

select
    measure,
    estimate,
    low,
    high,
    case
        when measure in ('pairwise_precision', 'pairwise_recall', 'model_misfit') then 'share'
        when measure like '%bits' then 'bits'
        when measure = 'is_reliable' then 'yes or no'
        else 'pairs'
    end as unit

from measures
