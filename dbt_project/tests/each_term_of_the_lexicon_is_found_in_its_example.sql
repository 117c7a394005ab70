-- A row is a term that its own example does not hold: it is misspelt, or keeps an accent.
with

lexicon as (

    select
        theme,
        term,
        '% ' || replace(term, '*', '%') || ' %' as pattern,
        {{ plain_words('example') }} as words

    from {{ ref('verbatim_lexicon') }}

)

select
    theme,
    term

from lexicon
where words not like pattern
