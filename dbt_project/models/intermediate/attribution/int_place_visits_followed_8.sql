with

transitions as (

    select * from {{ ref('int_place_transitions_counted') }}

),

places as (

    select distinct from_place as place from transitions

),

-- Beside each place stands a tally of it: who is there is counted, and what was counted stays.
matrix as (

    select
        from_place,
        to_place,
        cast(probability as decimal(18, 15)) as amount

    from transitions
    where to_place not in ('(order)', '(lost)')

    union all

    select
        place as from_place,
        'visits of ' || place as to_place,
        cast(1 as decimal(18, 15)) as amount

    from places

    union all

    select
        'visits of ' || place as from_place,
        'visits of ' || place as to_place,
        cast(1 as decimal(18, 15)) as amount

    from places

),

{{ raise_to_the_eighth('matrix') }}

select
    from_place,
    to_place,
    amount

from matrix_8
