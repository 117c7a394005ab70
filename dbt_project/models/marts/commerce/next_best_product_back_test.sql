with

scored as (

    select * from {{ ref('int_next_best_products_scored') }}
    where is_back_test

),

audiences as (

    select * from {{ ref('int_next_best_audiences_numbered') }}
    where is_back_test

),

bought as (

    select * from {{ ref('int_products_bought_dated') }}
    where is_back_test

),

new_products as (

    select
        customer_id,
        product_id

    from bought
    where not is_owned

),

-- A list for somebody of whom nothing is known yet is the popular products under either method: it tells nothing apart.
shoppers as (

    select distinct new_products.customer_id

    from new_products
    inner join bought
        on new_products.customer_id = bought.customer_id
    where bought.is_owned

),

ranked as (

    select
        customer_number,
        product_id,
        row_number() over (partition by customer_number order by score desc, popular_place asc) as affinity_place,
        row_number() over (partition by customer_number order by popular_place) as popularity_place

    from scored

),

offered as (

    select
        'affinity' as method,
        customer_number,
        product_id

    from ranked
    where affinity_place <= {{ var('next_best_count') }}

    union all

    select
        'popularity' as method,
        customer_number,
        product_id

    from ranked
    where popularity_place <= {{ var('next_best_count') }}

),

hits as (

    select
        offered.method,
        offered.customer_number,
        count(new_products.product_id) as hit_count

    from offered
    inner join audiences
        on offered.customer_number = audiences.customer_number
    inner join shoppers
        on audiences.customer_id = shoppers.customer_id
    left join new_products
        on
            audiences.customer_id = new_products.customer_id
            and offered.product_id = new_products.product_id
    group by offered.method, offered.customer_number

),

summed as (

    select
        method,
        count(*) as customer_count,
        sum(case when hit_count > 0 then 1 else 0 end) as customers_hit,
        sum(hit_count) as products_hit

    from hits
    group by method

)

select
    method,
    {{ as_of_date(days=var('next_best_held_out_days') | int - 1) }} as held_out_from,
    {{ as_of_date() }} as held_out_until,
    customer_count,
    cast(customers_hit as bigint) as customers_hit,
    cast(products_hit as bigint) as products_hit,
    {{ share('customers_hit', 'customer_count') }} as hit_rate

from summed
