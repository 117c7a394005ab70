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

    select * from {{ ref('int_products_deduplicated') }}

),

product_views as (

    select * from {{ ref('int_product_views_attributed') }}

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
        product_views.viewed_at,
        bought_in_store.product_id = product_views.product_id as is_same_product

    from bought_in_store
    inner join product_views
        on
            bought_in_store.customer_id = product_views.customer_id
            and bought_in_store.ordered_at > product_views.viewed_at
            and bought_in_store.ordered_at <= {{ add_days('product_views.viewed_at', var('web_to_store_days')) }}
            and (
                bought_in_store.product_id = product_views.product_id
                or bought_in_store.category = product_views.category
            )

)

select
    order_id,
    customer_id,
    min(viewed_at) as first_viewed_at,
    max(viewed_at) as last_viewed_at,
    max(case when is_same_product then 1 else 0 end) = 1 as is_same_product

from matched
group by order_id, customer_id
