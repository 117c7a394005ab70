select
    source || ':contacts:' || contact_id as record_id,
    source,
    contact_id,
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
    preferred_channel,
    created_at,
    updated_at,
    deleted_at

from {{ source('crm', 'contacts') }}
