{{ config(materialized='view') }}

with

bought as (

    select * from {{ ref('int_products_bought_dated') }}

),

pairs as (

    select * from {{ ref('int_product_pairs_counted') }}

),

ranked_products as (

    select * from {{ ref('int_product_popularity_ranked') }}

),

audiences as (

    select * from {{ ref('int_next_best_audiences_numbered') }}

),

-- A product goes by its place among the popular ones: what is not among them cannot be offered.
pairs_placed as (

    select
        pairs.is_back_test,
        pairs.product_id,
        ranked_products.place as popular_place,
        pairs.pair_lift

    from pairs
    inner join ranked_products
        on
            pairs.is_back_test = ranked_products.is_back_test
            and pairs.other_product_id = ranked_products.product_id

),

owned as (

    select
        bought.is_back_test,
        audiences.customer_number,
        bought.product_id,
        row_number() over (
            partition by audiences.customer_number
            order by bought.last_bought_on desc, bought.product_id asc
        ) as place

    from bought
    inner join audiences
        on
            bought.is_back_test = audiences.is_back_test
            and bought.customer_id = audiences.customer_id
    where bought.is_owned

),

owned_counted as (

    select
        customer_number,
        count(*) as owned_count

    from owned
    where place <= {{ var('next_best_owned') }}
    group by customer_number

),

candidates as (

    select
        owned.is_back_test,
        owned.customer_number,
        pairs_placed.popular_place,
        pairs_placed.pair_lift,
        false as is_owned

    from owned
    inner join pairs_placed
        on
            owned.is_back_test = pairs_placed.is_back_test
            and owned.product_id = pairs_placed.product_id
    where owned.place <= {{ var('next_best_owned') }}

    union all

    select
        audiences.is_back_test,
        audiences.customer_number,
        ranked_products.place as popular_place,
        cast(0 as bigint) as pair_lift,
        false as is_owned

    from audiences
    inner join ranked_products
        on audiences.is_back_test = ranked_products.is_back_test
    where ranked_products.place <= {{ var('next_best_popular') }}

    union all

    -- What is owned is summed with what is offered: a row of it takes the product off the list.
    select
        owned.is_back_test,
        owned.customer_number,
        ranked_products.place as popular_place,
        cast(0 as bigint) as pair_lift,
        true as is_owned

    from owned
    inner join ranked_products
        on
            owned.is_back_test = ranked_products.is_back_test
            and owned.product_id = ranked_products.product_id

),

summed as (

    select
        is_back_test,
        customer_number,
        popular_place,
        cast(sum(pair_lift) as bigint) as pair_lift

    from candidates
    group by is_back_test, customer_number, popular_place
    having not bool_or(is_owned)

)

select
    summed.is_back_test,
    summed.customer_number,
    ranked_products.product_id,
    summed.popular_place,
    ranked_products.buyer_share
    + cast(summed.pair_lift as double) / 1000000000 / coalesce(owned_counted.owned_count, 1) as score

from summed
inner join ranked_products
    on
        summed.is_back_test = ranked_products.is_back_test
        and summed.popular_place = ranked_products.place
left join owned_counted
    on summed.customer_number = owned_counted.customer_number
