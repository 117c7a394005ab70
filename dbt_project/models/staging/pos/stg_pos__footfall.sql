select
    source,
    store_id,
    date as counted_on,
    visitors,
    average_wait_minutes

from {{ source('pos', 'footfall') }}
