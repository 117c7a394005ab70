with

rated as (

    select * from {{ ref('int_answers_rated') }}
    where kind = 'nps' and score_of_ten is not null

),

records_divided as (

    select * from {{ ref('int_records_clustered') }}

),

thresholds as (

    select identity_threshold
    from (values ('strict'), ('default'), ('loose')) as listed (identity_threshold)  -- noqa: AL05

),

answers as (

    select
        thresholds.identity_threshold,
        {{ month_number('rated.answered_in') }} as month_number,
        -- Who answers without a name is taken for somebody else each time.
        coalesce(records_divided.person_id, rated.response_id) as answered_by,
        rated.response_id,
        rated.answered_at,
        rated.is_promoter,
        rated.is_detractor

    from rated
    cross join thresholds
    left join records_divided
        on
            rated.record_id = records_divided.record_id
            and thresholds.identity_threshold = records_divided.identity_threshold

),

ranked as (

    select
        *,
        row_number() over (
            partition by identity_threshold, month_number, answered_by
            order by answered_at desc, response_id asc
        ) as place

    from answers

)

select
    identity_threshold,
    month_number,
    cast(count(*) as bigint) as answer_count,
    cast(sum(case when is_promoter then 1 else 0 end) as bigint) as promoter_count,
    cast(sum(case when is_detractor then 1 else 0 end) as bigint) as detractor_count

from ranked
where place = 1
group by identity_threshold, month_number
