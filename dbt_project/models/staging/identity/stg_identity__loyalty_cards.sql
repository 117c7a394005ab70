select
    written,
    loyalty_card_id,
    is_shared

from {{ source('identity', 'loyalty_cards') }}
