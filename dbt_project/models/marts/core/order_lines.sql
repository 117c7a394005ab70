with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

products as (

    select * from {{ ref('int_products_deduplicated') }}

)

select
    order_lines.order_id,
    order_lines.line_no,
    orders.customer_id,
    orders.channel,
    orders.ordered_at,
    orders.is_revenue,
    order_lines.product_id,
    products.product_name,
    products.category,
    products.subcategory,
    products.brand,
    cast(order_lines.quantity as decimal(18, 3)) as quantity,
    order_lines.unit_price,
    order_lines.discount_amount,
    order_lines.line_amount

from order_lines
inner join orders
    on order_lines.order_id = orders.order_id
left join products
    on order_lines.product_id = products.product_id
