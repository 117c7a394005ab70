{{ config(materialized='view') }}

with

movements as (

    select * from {{ ref('stg_crm__loyalty_movements') }}

),

cards as (

    select * from {{ ref('stg_identity__loyalty_cards') }}

)

select
    movements.movement_id,
    movements.source,
    -- What is no card has its own account of points all the same: none of them may be lost.
    coalesce(cards.loyalty_card_id, movements.loyalty_card_id) as loyalty_card_id,
    movements.points,
    movements.kind,
    movements.channel,
    movements.order_reference,
    movements.occurred_at

from movements
left join cards
    on movements.loyalty_card_id = cards.written
where movements.occurred_at < {{ as_of_end() }}
