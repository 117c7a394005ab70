select
    source || ':members:' || member_id as record_id,
    source,
    member_id,
    civility,
    first_name,
    last_name,
    email,
    phone,
    birth_date,
    address,
    postcode,
    city,
    country,
    loyalty_card_id,
    store_id,
    created_at,
    updated_at,
    deleted_at

from {{ source('pos', 'members') }}
