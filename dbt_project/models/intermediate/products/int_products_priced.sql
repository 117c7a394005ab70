with

products as (

    select * from {{ ref('int_products_deduplicated') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

sold_ranked as (

    select
        order_lines.product_id,
        order_lines.unit_price,
        row_number() over (
            partition by order_lines.product_id
            order by orders.ordered_at desc, order_lines.order_id desc, order_lines.line_no desc
        ) as place

    from order_lines
    inner join orders
        on order_lines.order_id = orders.order_id
    where order_lines.unit_price > 0

),

last_sold as (

    select
        product_id,
        unit_price

    from sold_ranked
    where place = 1

)

select
    coalesce(products.product_id, last_sold.product_id) as product_id,
    products.category,
    cast(coalesce(products.list_price, last_sold.unit_price) as decimal(18, 2)) as price

from products
full outer join last_sold
    on products.product_id = last_sold.product_id
