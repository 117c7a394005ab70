with

explained as (

    select * from {{ ref('int_next_best_products_explained') }}

),

products as (

    select * from {{ ref('int_products_deduplicated') }}

)

select
    explained.customer_id,
    explained.place,
    explained.product_id,
    products.product_name,
    products.category,
    products.list_price,
    explained.score,
    explained.basis,
    explained.because_of_product_id,
    explained.is_available_online,
    explained.is_available_in_store

from explained
left join products
    on explained.product_id = products.product_id
