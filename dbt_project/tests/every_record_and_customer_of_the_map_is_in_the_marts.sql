-- A row is a customer of today's map without a row in customer_360, or with a number of records that is not the map's.
with

mapped as (

    select
        customer_id,
        count(*) as record_count

    from {{ ref('customer_id_map') }}
    group by customer_id

)

select
    coalesce(mapped.customer_id, customers.customer_id) as customer_id,
    mapped.record_count as records_in_map,
    customers.record_count as records_in_customer_360

from mapped
full outer join {{ ref('customer_360') }} as customers
    on mapped.customer_id = customers.customer_id
where
    mapped.record_count is null
    or customers.record_count is null
    or mapped.record_count <> customers.record_count
