with

matrix as (

    select * from {{ ref('int_markov_power_8') }}

),

{{ raise_to_the_eighth('matrix') }}

select
    from_state,
    to_state,
    amount

from matrix_8
