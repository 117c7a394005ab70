-- Values fitted to the orders of another night: a customer who ordered is not among them, or one who did not is.
with

buyers as (

    select customer_id from {{ ref('customer_360') }}
    where order_count > 0

),

customer_values as (

    select customer_id from {{ ref('stg_value__customer_values') }}

)

select coalesce(buyers.customer_id, customer_values.customer_id) as customer_id

from buyers
full outer join customer_values
    on buyers.customer_id = customer_values.customer_id
where buyers.customer_id is null or customer_values.customer_id is null
