with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where is_revenue

),

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}
    where quantity > 0

),

products as (

    select * from {{ ref('int_products_deduplicated') }}

),

bought as (

    select distinct
        'order' as basis,
        orders.order_id as basket_id,
        order_lines.product_id

    from orders
    inner join order_lines
        on orders.order_id = order_lines.order_id

    union all

    select distinct
        'customer' as basis,
        orders.customer_id as basket_id,
        order_lines.product_id

    from orders
    inner join order_lines
        on orders.order_id = order_lines.order_id
    where orders.customer_id is not null

),

-- The work grows with the square of a basket.
baskets as (

    select
        basis,
        basket_id

    from bought
    group by basis, basket_id
    having
        count(*) <= case
            when basis = 'order' then {{ var('affinity_max_products_of_order') }}
            else {{ var('affinity_max_products_of_customer') }}
        end

),

baskets_counted as (

    select
        basis,
        count(*) as basket_count

    from baskets
    group by basis

),

kept as (

    select
        bought.basis,
        bought.basket_id,
        bought.product_id

    from bought
    inner join baskets
        on
            bought.basis = baskets.basis
            and bought.basket_id = baskets.basket_id

),

products_counted as (

    select
        basis,
        product_id,
        count(*) as product_count

    from kept
    group by basis, product_id
    having count(*) >= {{ var('affinity_min_count') }}

),

-- A product bought too rarely is in no pair bought often enough.
frequent as (

    select
        kept.basis,
        kept.basket_id,
        kept.product_id

    from kept
    inner join products_counted
        on
            kept.basis = products_counted.basis
            and kept.product_id = products_counted.product_id

),

pairs as (

    select
        lows.basis,
        lows.product_id as low_product_id,
        highs.product_id as high_product_id,
        count(*) as pair_count

    from frequent as lows
    inner join frequent as highs
        on
            lows.basis = highs.basis
            and lows.basket_id = highs.basket_id
            and lows.product_id < highs.product_id
    group by lows.basis, lows.product_id, highs.product_id
    having count(*) >= {{ var('affinity_min_count') }}

),

both_ways as (

    select
        basis,
        low_product_id as product_id,
        high_product_id as other_product_id,
        pair_count

    from pairs

    union all

    select
        basis,
        high_product_id as product_id,
        low_product_id as other_product_id,
        pair_count

    from pairs

)

select
    both_ways.basis,
    both_ways.product_id,
    both_ways.other_product_id,
    products.product_name,
    other_products.product_name as other_product_name,
    both_ways.pair_count,
    products_counted.product_count,
    other_products_counted.product_count as other_product_count,
    baskets_counted.basket_count,
    {{ share('both_ways.pair_count', 'baskets_counted.basket_count') }} as support,
    {{ share('both_ways.pair_count', 'products_counted.product_count') }} as confidence,
    {{ share(
        'both_ways.pair_count * baskets_counted.basket_count',
        'products_counted.product_count * other_products_counted.product_count'
    ) }} as lift

from both_ways
inner join baskets_counted
    on both_ways.basis = baskets_counted.basis
inner join products_counted
    on
        both_ways.basis = products_counted.basis
        and both_ways.product_id = products_counted.product_id
inner join products_counted as other_products_counted
    on
        both_ways.basis = other_products_counted.basis
        and both_ways.other_product_id = other_products_counted.product_id
left join products
    on both_ways.product_id = products.product_id
left join products as other_products
    on both_ways.other_product_id = other_products.product_id
