with

customer_ids as (

    select * from {{ ref('stg_identity__customer_ids') }}

),

merged_records as (

    select * from {{ ref('stg_identity__merged_records') }}

)

select
    record_id as named_record_id,
    record_id,
    customer_id

from customer_ids

union all

-- What was merged away and is still in the extract speaks for itself: identity made it one customer with what is left.
select
    merged_records.record_id as named_record_id,
    survivors.record_id,
    survivors.customer_id

from merged_records
inner join customer_ids as survivors
    on merged_records.surviving_record_id = survivors.record_id
left join customer_ids as themselves
    on merged_records.record_id = themselves.record_id
where themselves.record_id is null
