with

bought as (

    select * from {{ ref('int_products_bought_dated') }}

),

lately as (

    select
        is_back_test,
        customer_id,
        product_id

    from bought
    where last_bought_on > {{ add_days_to_date('counted_until', -(var('next_best_popular_days') | int)) }}

),

buyers_counted as (

    select
        is_back_test,
        count(distinct customer_id) as buyer_count

    from lately
    group by is_back_test

),

products_counted as (

    select
        is_back_test,
        product_id,
        count(*) as customer_count

    from lately
    group by is_back_test, product_id

)

select
    products_counted.is_back_test,
    products_counted.product_id,
    products_counted.customer_count,
    {{ share('products_counted.customer_count', 'buyers_counted.buyer_count') }} as buyer_share,
    row_number() over (
        partition by products_counted.is_back_test
        order by products_counted.customer_count desc, products_counted.product_id asc
    ) as place

from products_counted
inner join buyers_counted
    on products_counted.is_back_test = buyers_counted.is_back_test
