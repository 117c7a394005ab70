select
    source || ':loyalty_movements:' || movement_id as movement_id,
    source,
    loyalty_card_id,
    points,
    kind,
    channel,
    order_id as order_reference,
    occurred_at

from {{ source('crm', 'loyalty_movements') }}
