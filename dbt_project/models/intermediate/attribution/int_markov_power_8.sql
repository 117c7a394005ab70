with

transitions as (

    select * from {{ ref('int_markov_transitions_counted') }}

),

states as (

    select distinct from_state as state from transitions

),

-- Beside each state stands a counter of its visits, which absorbs: whoever is in the state is counted at each step.
matrix as (

    select
        from_state,
        to_state,
        cast(probability as decimal(18, 15)) as amount

    from transitions
    where to_state not in ('(order)', '(lost)')

    union all

    select
        state as from_state,
        'visits of ' || state as to_state,
        cast(1 as decimal(18, 15)) as amount

    from states

    union all

    select
        'visits of ' || state as from_state,
        'visits of ' || state as to_state,
        cast(1 as decimal(18, 15)) as amount

    from states

),

{{ raise_to_the_eighth('matrix') }}

select
    from_state,
    to_state,
    amount

from matrix_8
