with

themes as (

    select * from {{ ref('int_answers_themed') }}

),

answers as (

    select * from {{ ref('int_answers_rated') }}
    where answer_text is not null

),

definitions as (

    select * from {{ ref('verbatim_theme_definitions') }}

),

answers_counted as (

    select
        answered_in,
        channel,
        count(*) as answers_with_text

    from answers
    group by answered_in, channel

),

summed as (

    select
        answers.answered_in,
        answers.channel,
        themes.theme,
        count(*) as mentions,
        sum(answers.score_of_ten) as score

    from themes
    inner join answers
        on themes.response_id = answers.response_id
    group by answers.answered_in, answers.channel, themes.theme

)

select
    summed.answered_in as month,
    summed.theme,
    definitions.label_fr as theme_fr,
    summed.channel,
    summed.mentions,
    {{ share('summed.score', 'summed.mentions') }} as average_score,
    answers_counted.answers_with_text,
    {{ share('summed.mentions', 'answers_counted.answers_with_text') }} as mention_share

from summed
inner join answers_counted
    on
        summed.answered_in = answers_counted.answered_in
        and summed.channel = answers_counted.channel
inner join definitions
    on summed.theme = definitions.theme
