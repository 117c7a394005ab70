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

customers as (

    select * from {{ ref('int_customers_known') }}

),

-- Who bought nothing in the days held out can be no hit for any list.
audience as (

    select
        false as is_back_test,
        customer_id

    from customers

    union all

    select distinct
        is_back_test,
        customer_id

    from bought
    where is_back_test and not is_owned

),

owned as (

    select
        bought.is_back_test,
        bought.customer_id,
        bought.product_id,
        row_number() over (
            partition by bought.is_back_test, bought.customer_id
            order by bought.last_bought_on desc, bought.product_id asc
        ) as place

    from bought
    inner join audience
        on
            bought.is_back_test = audience.is_back_test
            and bought.customer_id = audience.customer_id
    where bought.is_owned

),

owned_counted as (

    select
        is_back_test,
        customer_id,
        count(*) as owned_count

    from owned
    where place <= {{ var('next_best_owned') }}
    group by is_back_test, customer_id

),

candidates as (

    select
        owned.is_back_test,
        owned.customer_id,
        pairs.other_product_id as product_id,
        pairs.pair_lift,
        false as is_owned

    from owned
    inner join pairs
        on
            owned.is_back_test = pairs.is_back_test
            and owned.product_id = pairs.product_id
    where owned.place <= {{ var('next_best_owned') }}

    union all

    select
        audience.is_back_test,
        audience.customer_id,
        ranked_products.product_id,
        cast(0 as bigint) as pair_lift,
        false as is_owned

    from audience
    inner join ranked_products
        on audience.is_back_test = ranked_products.is_back_test
    where ranked_products.place <= {{ var('next_best_popular') }}

    union all

    -- What is owned is summed with what is offered: a row of it takes the product off the list.
    select
        is_back_test,
        customer_id,
        product_id,
        cast(0 as bigint) as pair_lift,
        true as is_owned

    from owned

),

summed as (

    select
        is_back_test,
        customer_id,
        product_id,
        cast(sum(pair_lift) as bigint) as pair_lift

    from candidates
    group by is_back_test, customer_id, product_id
    having not bool_or(is_owned)

)

select
    summed.is_back_test,
    summed.customer_id,
    summed.product_id,
    ranked_products.place as popular_place,
    ranked_products.buyer_share
    + cast(summed.pair_lift as double) / 1000000000 / coalesce(owned_counted.owned_count, 1) as score

from summed
inner join ranked_products
    on
        summed.is_back_test = ranked_products.is_back_test
        and summed.product_id = ranked_products.product_id
left join owned_counted
    on
        summed.is_back_test = owned_counted.is_back_test
        and summed.customer_id = owned_counted.customer_id
