with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where customer_id is not null and is_revenue

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

products as (

    select * from {{ ref('int_products_deduplicated') }}

),

options as (

    select
        customer_id,
        'channel' as favourite,
        channel as candidate,
        cast(count(*) as decimal(18, 2)) as weight,
        max(ordered_at) as last_ordered_at

    from orders
    group by customer_id, channel

    union all

    select
        customer_id,
        'store' as favourite,
        store_id as candidate,
        cast(count(*) as decimal(18, 2)) as weight,
        max(ordered_at) as last_ordered_at

    from orders
    where store_id is not null
    group by customer_id, store_id

    union all

    select
        orders.customer_id,
        'category' as favourite,
        products.category as candidate,
        cast(sum(order_lines.line_amount) as decimal(18, 2)) as weight,
        max(orders.ordered_at) as last_ordered_at

    from orders
    inner join order_lines
        on orders.order_id = order_lines.order_id
    inner join products
        on order_lines.product_id = products.product_id
    group by orders.customer_id, products.category

),

ranked as (

    select
        customer_id,
        favourite,
        candidate,
        row_number() over (
            partition by customer_id, favourite
            order by weight desc, last_ordered_at desc, candidate asc
        ) as place

    from options

)

select
    customer_id,
    max(case when favourite = 'channel' then candidate end) as favourite_channel,
    max(case when favourite = 'store' then candidate end) as favourite_store_id,
    max(case when favourite = 'category' then candidate end) as favourite_category

from ranked
where place = 1
group by customer_id
