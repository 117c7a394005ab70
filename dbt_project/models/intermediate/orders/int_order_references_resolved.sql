with

orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

tickets as (

    select * from {{ ref('stg_pos__tickets') }}

),

numbered as (

    select
        order_reference as reference,
        order_id,
        order_id as web_order_id

    from orders

    union all

    select
        ticket_reference as reference,
        ticket_id as order_id,
        cast(null as string) as web_order_id

    from tickets

)

select
    reference,
    case when count(order_id) = 1 then min(order_id) end as order_id,
    case when count(web_order_id) = 1 then min(web_order_id) end as web_order_id

from numbered
group by reference
