with

answers as (

    select
        *,
        {{ plain_words('answer_text') }} as words

    from {{ ref('int_answers_rated') }}
    where answer_text is not null

),

lexicon as (

    select
        theme,
        '% ' || replace(term, '*', '%') || ' %' as pattern

    from {{ ref('verbatim_lexicon') }}

),

found as (

    select distinct
        answers.response_id,
        lexicon.theme

    from answers
    inner join lexicon
        on answers.words like lexicon.pattern

)

select
    answers.response_id,
    coalesce(found.theme, 'other') as theme

from answers
left join found
    on answers.response_id = found.response_id
