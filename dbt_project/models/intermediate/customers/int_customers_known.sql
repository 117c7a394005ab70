{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('stg_identity__customers') }}

),

customers_seen as (

    select * from {{ ref('int_customers_seen') }}

)

select
    customers.customer_id,
    customers.record_count,
    customers.identity_confidence

from customers
inner join customers_seen
    on customers.customer_id = customers_seen.customer_id
