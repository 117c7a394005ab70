select
    source || ':customers:' || account_id as record_id,
    source,
    account_id,
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
    created_at,
    updated_at,
    deleted_at

from {{ source('ecommerce', 'customers') }}
