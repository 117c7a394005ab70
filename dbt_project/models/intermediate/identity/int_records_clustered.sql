with

customer_ids as (

    select * from {{ ref('stg_identity__customer_ids') }}

),

sensitivity as (

    select * from {{ ref('stg_identity__sensitivity') }}

)

select
    record_id,
    'default' as identity_threshold,
    customer_id as person_id

from customer_ids

union all

select
    customer_ids.record_id,
    'strict' as identity_threshold,
    sensitivity.strict_cluster_id as person_id

from customer_ids
left join sensitivity
    on customer_ids.record_id = sensitivity.record_id

union all

select
    customer_ids.record_id,
    'loose' as identity_threshold,
    sensitivity.loose_cluster_id as person_id

from customer_ids
left join sensitivity
    on customer_ids.record_id = sensitivity.record_id
