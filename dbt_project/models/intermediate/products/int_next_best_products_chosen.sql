with

scored as (

    select * from {{ ref('int_next_best_products_scored') }}
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
placed as (

    select
        scored.customer_id,
        scored.product_id,
        scored.popular_place,
        scored.score,
        favourites.favourite_store_id,
        coalesce(purchases.online_order_count, 0) > 0 or coalesce(purchases.store_order_count, 0) = 0 as buys_online,
        coalesce(purchases.store_order_count, 0) > 0 as buys_in_store

    from scored
    left join purchases
        on scored.customer_id = purchases.customer_id
    left join favourites
        on scored.customer_id = favourites.customer_id

),

available as (

    select
        placed.customer_id,
        placed.product_id,
        placed.popular_place,
        placed.score,
        placed.buys_online and missing_online.product_id is null as is_available_online,
        placed.buys_in_store
        and missing_in_store.product_id is null
        and not coalesce(products.is_online_only, false) as is_available_in_store

    from placed
    left join products
        on placed.product_id = products.product_id
    left join missing as missing_online
        on
            placed.product_id = missing_online.product_id
            and missing_online.store_id is null
    left join missing as missing_in_store
        on
            placed.product_id = missing_in_store.product_id
            and placed.favourite_store_id = missing_in_store.store_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by score desc, popular_place asc, product_id asc
        ) as place

    from available
    where is_available_online or is_available_in_store

)

select
    customer_id,
    cast(place as bigint) as place,
    product_id,
    score,
    is_available_online,
    is_available_in_store

from ranked
where place <= {{ var('next_best_count') }}
