with

bought as (

    select
        is_back_test,
        customer_id,
        product_id

    from {{ ref('int_products_bought_dated') }}
    where is_owned

),

ranked_products as (

    select * from {{ ref('int_product_popularity_ranked') }}

),

-- The work grows with the square of what one customer bought, and a reseller's list says little of taste.
shoppers as (

    select
        is_back_test,
        customer_id

    from bought
    group by is_back_test, customer_id
    having count(*) between 1 and {{ var('affinity_max_products_of_customer') }}

),

kept as (

    select bought.*

    from bought
    inner join shoppers
        on
            bought.is_back_test = shoppers.is_back_test
            and bought.customer_id = shoppers.customer_id

),

owners_counted as (

    select
        is_back_test,
        product_id,
        count(*) as customer_count

    from kept
    group by is_back_test, product_id

),

-- Each pair is counted once and then told both ways.
counted as (

    select
        kept.is_back_test,
        kept.product_id,
        others.product_id as other_product_id,
        count(*) as both_count

    from kept
    inner join kept as others
        on
            kept.is_back_test = others.is_back_test
            and kept.customer_id = others.customer_id
            and kept.product_id < others.product_id
    group by kept.is_back_test, kept.product_id, others.product_id
    having count(*) >= {{ var('next_best_min_both') }}

),

paired as (

    select
        is_back_test,
        product_id,
        other_product_id,
        both_count

    from counted

    union all

    select
        is_back_test,
        other_product_id as product_id,
        product_id as other_product_id,
        both_count

    from counted

),

measured as (

    select
        paired.is_back_test,
        paired.product_id,
        paired.other_product_id,
        owners_counted.customer_count,
        paired.both_count,
        ranked_products.buyer_share,
        ranked_products.place as popular_place,
        row_number() over (
            partition by paired.is_back_test, paired.product_id
            order by
                paired.both_count - owners_counted.customer_count * ranked_products.buyer_share desc,
                paired.other_product_id asc
        ) as place

    from paired
    inner join owners_counted
        on
            paired.is_back_test = owners_counted.is_back_test
            and paired.product_id = owners_counted.product_id
    inner join ranked_products
        on
            paired.is_back_test = ranked_products.is_back_test
            and paired.other_product_id = ranked_products.product_id

)

select
    is_back_test,
    product_id,
    other_product_id,
    customer_count,
    both_count,
    buyer_share,
    cast(
        floor(
            1000000000 * (both_count - customer_count * buyer_share)
            / (customer_count + cast({{ var('next_best_prior_customers') }} as double))
        ) as bigint
    ) as pair_lift

from measured
where place <= {{ var('next_best_neighbours') }} or popular_place <= {{ var('next_best_popular') }}
