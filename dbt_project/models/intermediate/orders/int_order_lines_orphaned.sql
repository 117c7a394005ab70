with

web_orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

web_lines as (

    select * from {{ ref('stg_ecommerce__order_lines') }}

),

tickets as (

    select * from {{ ref('stg_pos__tickets') }}

),

ticket_lines as (

    select * from {{ ref('stg_pos__ticket_lines') }}

)

select
    web_lines.source,
    'ecommerce/order_lines' as table_name,
    web_lines.order_id,
    web_lines.line_no

from web_lines
left join web_orders
    on web_lines.order_id = web_orders.order_id
where web_orders.order_id is null

union all

select
    ticket_lines.source,
    'pos/ticket_lines' as table_name,
    ticket_lines.ticket_id as order_id,
    ticket_lines.line_no

from ticket_lines
left join tickets
    on ticket_lines.ticket_id = tickets.ticket_id
where tickets.ticket_id is null
