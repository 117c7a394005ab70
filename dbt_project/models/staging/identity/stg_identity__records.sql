select
    record_id,
    source,
    kind,
    table_name,
    source_key,
    civility,
    first_name,
    last_name,
    email,
    phone,
    mobile,
    birth_date,
    address,
    postcode,
    city,
    country,
    loyalty_card_id,
    created_at,
    updated_at,
    deleted_at

from {{ source('identity', 'records') }}
