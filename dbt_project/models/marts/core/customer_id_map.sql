with

customer_ids as (

    select * from {{ ref('stg_identity__customer_ids') }}

),

customers as (

    select * from {{ ref('int_customers_known') }}

)

select
    customer_ids.record_id,
    customer_ids.source,
    customer_ids.table_name,
    customer_ids.customer_id

from customer_ids
inner join customers
    on customer_ids.customer_id = customers.customer_id
