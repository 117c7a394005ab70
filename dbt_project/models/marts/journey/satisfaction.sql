with

answers as (

    select * from {{ ref('int_answers_rated') }}

),

summed as (

    select
        answered_in as month,
        channel,
        stage,
        {{ answers_summed() }}

    from answers
    group by answered_in, channel, stage

)

select
    month,
    channel,
    stage,
    {{ satisfaction_measures() }}

from summed
