{{ config(materialized='view') }}

with

web_lines as (

    select * from {{ ref('stg_ecommerce__order_lines') }}

),

ticket_lines as (

    select * from {{ ref('stg_pos__ticket_lines') }}

)

select
    order_id,
    source,
    line_no,
    product_id,
    quantity,
    unit_price,
    discount_amount,
    line_amount

from web_lines

union all

select
    ticket_id as order_id,
    source,
    line_no,
    product_id,
    quantity,
    unit_price,
    cast(null as decimal(18, 2)) as discount_amount,
    line_amount

from ticket_lines
where quantity >= 0
