with

scored as (

    select * from {{ ref('int_next_best_products_scored') }}
    where not is_back_test

),

audiences as (

    select * from {{ ref('int_next_best_audiences_numbered') }}
    where not is_back_test

),

purchases as (

    select * from {{ ref('int_purchases_summed') }}

),

favourites as (

    select * from {{ ref('int_favourites_chosen') }}

),

products as (

    select * from {{ ref('int_products_deduplicated') }}

),

missing as (

    select * from {{ ref('int_unavailable_products_listed') }}

),

-- Where the customer buys. Who has bought nowhere yet is reached online.
customers_placed as (

    select
        audiences.customer_number,
        favourites.favourite_store_id,
        coalesce(purchases.online_order_count, 0) > 0 or coalesce(purchases.store_order_count, 0) = 0 as buys_online,
        coalesce(purchases.store_order_count, 0) > 0 as buys_in_store

    from audiences
    left join purchases
        on audiences.customer_id = purchases.customer_id
    left join favourites
        on audiences.customer_id = favourites.customer_id

),

available as (

    select
        scored.customer_number,
        scored.product_id,
        -scored.popular_place as popularity,
        scored.score,
        customers_placed.buys_online and missing_online.product_id is null as is_available_online,
        customers_placed.buys_in_store
        and missing_in_store.product_id is null
        and not coalesce(products.is_online_only, false) as is_available_in_store

    from scored
    inner join customers_placed
        on scored.customer_number = customers_placed.customer_number
    left join products
        on scored.product_id = products.product_id
    left join missing as missing_online
        on
            scored.product_id = missing_online.product_id
            and missing_online.store_id is null
    left join missing as missing_in_store
        on
            scored.product_id = missing_in_store.product_id
            and customers_placed.favourite_store_id = missing_in_store.store_id

),

-- Each product has its own popularity. One value to order by, and the limit right behind it: so DuckDB keeps a few
-- products for each customer, and does not sort all of them.
ranked as (

    select
        customer_number,
        product_id,
        score,
        is_available_online,
        is_available_in_store,
        row_number() over (
            partition by customer_number order by {{ struct_of(['score', 'popularity']) }} desc
        ) as place

    from available
    where is_available_online or is_available_in_store

),

listed as (

    select * from ranked
    where place <= {{ var('next_best_count') }}

)

select
    audiences.customer_id,
    cast(listed.place as bigint) as place,
    listed.product_id,
    listed.score,
    listed.is_available_online,
    listed.is_available_in_store

from listed
inner join audiences
    on listed.customer_number = audiences.customer_number
