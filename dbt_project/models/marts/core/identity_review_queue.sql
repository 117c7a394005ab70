with

uncertain_pairs as (

    select * from {{ ref('stg_identity__uncertain_pairs') }}

),

customers as (

    select
        customer_id,
        revenue,
        greatest(revenue, cast({{ var('review_prospect_value') }} as decimal(18, 2))) as customer_value

    from {{ ref('customer_360') }}

),

valued as (

    select
        uncertain_pairs.record_id_l,
        uncertain_pairs.record_id_r,
        uncertain_pairs.customer_id_l,
        uncertain_pairs.customer_id_r,
        uncertain_pairs.is_together,
        uncertain_pairs.match_weight,
        uncertain_pairs.match_probability,
        uncertain_pairs.uncertainty_bits,
        left_customers.revenue as revenue_l,
        right_customers.revenue as revenue_r,
        cast(
            left_customers.customer_value
            + case when uncertain_pairs.is_together then 0 else right_customers.customer_value end
            as decimal(18, 2)
        ) as value_at_stake

    from uncertain_pairs
    inner join customers as left_customers
        on uncertain_pairs.customer_id_l = left_customers.customer_id
    inner join customers as right_customers
        on uncertain_pairs.customer_id_r = right_customers.customer_id

),

prioritised as (

    select
        *,
        uncertainty_bits * cast(value_at_stake as double) as priority

    from valued

)

select
    cast(
        row_number() over (
            order by priority desc, uncertainty_bits desc, value_at_stake desc, record_id_l asc, record_id_r asc
        ) as bigint
    ) as review_rank,
    record_id_l,
    record_id_r,
    customer_id_l,
    customer_id_r,
    is_together,
    match_weight,
    match_probability,
    uncertainty_bits,
    revenue_l,
    revenue_r,
    value_at_stake,
    priority

from prioritised
