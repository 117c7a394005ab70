{%- set steps = var('markov_steps') | int -%}

with

transitions as (

    select
        from_place,
        to_place,
        cast(probability as decimal(10, 9)) as probability

    from {{ ref('int_place_transitions_counted') }}

),

-- An order stays an order.
moves as (

    select * from transitions

    union all

    select
        '(order)' as from_place,
        '(order)' as to_place,
        cast(1 as decimal(10, 9)) as probability

),

removals as (

    select distinct from_place as removed_place from transitions
    where from_place <> '(start)'

    union all

    select '(nothing)' as removed_place

),

-- The probability of an order within so many steps from each place, while one place is closed. Kept to 15 decimals, so
-- that the order in which rows are summed changes nothing.
reached_0 as (

    select
        removed_place,
        '(order)' as place,
        cast(1 as decimal(18, 15)) as probability

    from removals

),
{% for step in range(1, steps + 1) %}
reached_{{ step }} as (

    select
        reached.removed_place,
        moves.from_place as place,
        cast(sum(moves.probability * reached.probability) as decimal(18, 15)) as probability

    from moves
    inner join reached_{{ step - 1 }} as reached
        on
            moves.to_place = reached.place
            and moves.from_place <> reached.removed_place
    group by reached.removed_place, moves.from_place

),
{% endfor %}
from_start as (

    select
        removals.removed_place,
        coalesce(reached.probability, 0) as probability

    from removals
    left join reached_{{ steps }} as reached
        on
            removals.removed_place = reached.removed_place
            and reached.place = '(start)'

),

with_all_places as (

    select probability from from_start
    where removed_place = '(nothing)'

)

select
    from_start.removed_place,
    cast(from_start.probability as double) as order_probability,
    cast(1 as double)
    - {{ share('from_start.probability', 'with_all_places.probability') }} as removal_effect

from from_start
cross join with_all_places
