-- Offered: what the customer bought before, or, to one who buys in stores alone, what is sold online only.
with

offered as (

    select * from {{ ref('next_best_products') }}

),

customers as (

    select * from {{ ref('customer_360') }}

),

orders as (

    select * from {{ ref('orders') }}
    where is_revenue

),

order_lines as (

    select * from {{ ref('order_lines') }}
    where quantity > 0

),

products as (

    select * from {{ ref('int_products_deduplicated') }}

),

owned as (

    select distinct
        orders.customer_id,
        order_lines.product_id

    from orders
    inner join order_lines
        on orders.order_id = order_lines.order_id

)

select
    offered.customer_id,
    offered.product_id

from offered
inner join customers
    on offered.customer_id = customers.customer_id
left join owned
    on
        offered.customer_id = owned.customer_id
        and offered.product_id = owned.product_id
left join products
    on offered.product_id = products.product_id
where
    owned.product_id is not null
    or (customers.channel_profile = 'store_only' and products.is_online_only)
