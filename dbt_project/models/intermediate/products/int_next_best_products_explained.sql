with

chosen as (

    select * from {{ ref('int_next_best_products_chosen') }}

),

bought as (

    select * from {{ ref('int_products_bought_dated') }}
    where not is_back_test and is_owned

),

pairs as (

    select * from {{ ref('int_product_pairs_counted') }}
    where not is_back_test and pair_lift > 0

),

reasons as (

    select
        chosen.customer_id,
        chosen.product_id,
        pairs.product_id as because_of_product_id,
        row_number() over (
            partition by chosen.customer_id, chosen.product_id
            order by pairs.pair_lift desc, pairs.product_id asc
        ) as place

    from chosen
    inner join bought
        on chosen.customer_id = bought.customer_id
    inner join pairs
        on
            bought.product_id = pairs.product_id
            and chosen.product_id = pairs.other_product_id

)

select
    chosen.customer_id,
    chosen.place,
    chosen.product_id,
    chosen.score,
    case when reasons.product_id is null then 'popularity' else 'affinity' end as basis,
    reasons.because_of_product_id,
    chosen.is_available_online,
    chosen.is_available_in_store

from chosen
left join reasons
    on
        chosen.customer_id = reasons.customer_id
        and chosen.product_id = reasons.product_id
        and reasons.place = 1
