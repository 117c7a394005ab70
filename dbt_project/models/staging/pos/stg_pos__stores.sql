select
    source,
    store_id,
    name as store_name,
    postcode,
    city,
    latitude,
    longitude,
    opened_on

from {{ source('pos', 'stores') }}
