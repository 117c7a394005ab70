with

answers as (

    select * from {{ ref('int_answers_rated') }}
    where store_id is not null

),

summed as (

    select
        answered_in as month,
        store_id,
        {{ answers_summed() }}

    from answers
    group by answered_in, store_id

)

select
    month,
    store_id,
    {{ satisfaction_measures() }}

from summed
