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

-- How a product stands among all that speak for another: of those that a customer has, the first gives the reason.
pairs_ranked as (

    select
        product_id,
        other_product_id,
        row_number() over (partition by other_product_id order by pair_lift desc, product_id asc) as reason_place

    from pairs

),

reasons as (

    select
        chosen.customer_id,
        chosen.product_id,
        min(pairs_ranked.reason_place) as reason_place

    from chosen
    inner join bought
        on chosen.customer_id = bought.customer_id
    inner join pairs_ranked
        on
            bought.product_id = pairs_ranked.product_id
            and chosen.product_id = pairs_ranked.other_product_id
    group by chosen.customer_id, chosen.product_id

)

select
    chosen.customer_id,
    chosen.place,
    chosen.product_id,
    chosen.score,
    case when reasons.product_id is null then 'popularity' else 'affinity' end as basis,
    pairs_ranked.product_id as because_of_product_id,
    chosen.is_available_online,
    chosen.is_available_in_store

from chosen
left join reasons
    on
        chosen.customer_id = reasons.customer_id
        and chosen.product_id = reasons.product_id
left join pairs_ranked
    on
        reasons.product_id = pairs_ranked.other_product_id
        and reasons.reason_place = pairs_ranked.reason_place
