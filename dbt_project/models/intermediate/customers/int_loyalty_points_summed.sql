with

movements as (

    select * from {{ ref('int_loyalty_movements_identified') }}

),

cards as (

    select * from {{ ref('int_loyalty_cards_attributed') }}

)

select
    cards.customer_id,
    cast(sum(movements.points) as bigint) as points_balance

from movements
inner join cards
    on movements.loyalty_card_id = cards.loyalty_card_id
group by cards.customer_id
