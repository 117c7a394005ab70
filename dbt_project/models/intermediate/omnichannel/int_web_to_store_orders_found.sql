with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

tickets as (

    select * from {{ ref('int_tickets_classified') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

products as (

    select * from {{ ref('int_products_chosen') }}

),

looks as (

    select * from {{ ref('int_looks_attributed') }}

),

bought_in_store as (

    select distinct
        orders.order_id,
        orders.customer_id,
        orders.ordered_at,
        order_lines.product_id,
        products.category

    from orders
    inner join tickets
        on orders.order_id = tickets.ticket_id
    inner join order_lines
        on orders.order_id = order_lines.order_id
    left join products
        on order_lines.product_id = products.product_id
    where
        orders.customer_id is not null
        and not tickets.is_pickup

),

matched as (

    select
        bought_in_store.order_id,
        bought_in_store.customer_id,
        looks.looked_at,
        bought_in_store.product_id = looks.product_id as is_same_product

    from bought_in_store
    inner join looks
        on
            bought_in_store.customer_id = looks.customer_id
            and bought_in_store.ordered_at > looks.looked_at
            and bought_in_store.ordered_at <= {{ add_days('looks.looked_at', var('web_to_store_days')) }}
            and (
                bought_in_store.product_id = looks.product_id
                or bought_in_store.category = looks.category
            )

)

select
    order_id,
    customer_id,
    min(looked_at) as first_looked_at,
    max(looked_at) as last_looked_at,
    max(case when is_same_product then 1 else 0 end) = 1 as is_same_product

from matched
group by order_id, customer_id
