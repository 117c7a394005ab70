with

products as (

    select * from {{ ref('stg_ecommerce__products') }}

),

ranked as (

    select
        *,
        row_number() over (partition by product_id order by source) as place

    from products

)

select
    product_id,
    product_name,
    category,
    subcategory,
    brand,
    is_online_only,
    list_price

from ranked
where place = 1
