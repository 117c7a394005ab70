-- A row is a golden address or name in customer_360 that no single record of the customer holds as a whole.
with

customers as (

    select * from {{ ref('customer_360') }}

),

records as (

    select * from {{ ref('int_records_identified') }}

)

select customers.customer_id

from customers
left join records as address_records
    on
        customers.customer_id = address_records.customer_id
        and coalesce(customers.address, '') = coalesce(address_records.address, '')
        and coalesce(customers.postcode, '') = coalesce(address_records.postcode, '')
        and coalesce(customers.city, '') = coalesce(address_records.city, '')
        and coalesce(customers.country, '') = coalesce(address_records.country, '')
left join records as name_records
    on
        customers.customer_id = name_records.customer_id
        and coalesce(customers.first_name, '') = coalesce(name_records.first_name, '')
        and coalesce(customers.last_name, '') = coalesce(name_records.last_name, '')
where
    (
        address_records.record_id is null
        and coalesce(customers.address, customers.postcode, customers.city, customers.country) is not null
    )
    or (name_records.record_id is null and coalesce(customers.first_name, customers.last_name) is not null)
