-- A row is a number of answers, or of answers with words, that is not that of the extracts.
with

answers as (

    select coalesce(sum(answers), 0) as answers
    from {{ ref('satisfaction') }}

),

told as (

    select distinct
        month,
        channel,
        answers_with_text

    from {{ ref('verbatim_themes') }}

),

words as (

    select coalesce(sum(answers_with_text), 0) as answers_with_text
    from told

),

surveys as (

    select
        count(*) as answers,
        count(text) as answers_with_text

    from {{ source('crm', 'surveys') }}
    where answered_at < {{ as_of_end() }}

)

select
    answers.answers,
    words.answers_with_text,
    surveys.answers as answers_in_extracts,
    surveys.answers_with_text as answers_with_text_in_extracts

from answers
cross join words
cross join surveys
where
    answers.answers <> surveys.answers
    or words.answers_with_text <> surveys.answers_with_text
