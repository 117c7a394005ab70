with

customer_ids as (

    select * from {{ ref('stg_identity__customer_ids') }}

)

select
    record_id,
    source,
    table_name,
    customer_id

from customer_ids
