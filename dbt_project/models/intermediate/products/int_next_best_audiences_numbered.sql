with

customers as (

    select * from {{ ref('int_customers_known') }}

),

bought as (

    select * from {{ ref('int_products_bought_dated') }}

),

-- Who bought nothing in the days held out can be no hit for any list.
audiences as (

    select
        false as is_back_test,
        customer_id

    from customers

    union all

    select distinct
        is_back_test,
        customer_id

    from bought
    where is_back_test and not is_owned

)

select
    is_back_test,
    customer_id,
    row_number() over (order by is_back_test, customer_id) as customer_number

from audiences
