with

matrix as (

    select * from {{ ref('int_place_visits_followed_64') }}

),

{{ raise_to_the_eighth('matrix') }}

select
    from_place,
    to_place,
    amount

from matrix_8
