with

customers as (

    select * from {{ ref('int_customers_known') }}

),

rfm_scores as (

    select * from {{ ref('int_rfm_scored') }}
    where snapshot_on = {{ as_of_date() }}

),

rfm_stays as (

    select * from {{ ref('int_rfm_stays_dated') }}
    where left_on is null

),

lifecycle_stays as (

    select * from {{ ref('int_lifecycle_stays_dated') }}
    where left_on is null

),

journey_stays as (

    select * from {{ ref('customer_journey_stages') }}
    where left_at is null

),

customer_values as (

    select * from {{ ref('stg_value__customer_values') }}

),

personas as (

    select * from {{ ref('int_personas_assigned') }}

),

next_best_products as (

    select * from {{ ref('int_next_best_products_explained') }}

),

next_best_listed as (

    select
        customer_id,
        concat_ws(
            ' | '
            {%- for place in range(1, (var('next_best_count') | int) + 1) %},
            max(case when place = {{ place }} then product_id end)
            {%- endfor %}
        ) as next_best_products,
        min(basis) as next_best_basis  -- Of the two, affinity comes first.

    from next_best_products
    group by customer_id

)

select
    customers.customer_id,
    rfm_scores.rfm_recency,
    rfm_scores.rfm_frequency,
    rfm_scores.rfm_monetary,
    rfm_stays.segment as rfm_segment,
    lifecycle_stays.segment as lifecycle_segment,
    customer_values.alive_probability,
    customer_values.expected_orders_12m,
    customer_values.clv_12m,
    journey_stays.stage as journey_stage,
    journey_stays.entered_at as journey_stage_since,
    personas.persona,
    next_best_listed.next_best_products,
    next_best_listed.next_best_basis

from customers
left join rfm_scores
    on customers.customer_id = rfm_scores.customer_id
left join rfm_stays
    on customers.customer_id = rfm_stays.customer_id
left join lifecycle_stays
    on customers.customer_id = lifecycle_stays.customer_id
left join customer_values
    on customers.customer_id = customer_values.customer_id
left join journey_stays
    on customers.customer_id = journey_stays.customer_id
left join personas
    on customers.customer_id = personas.customer_id
left join next_best_listed
    on customers.customer_id = next_best_listed.customer_id
