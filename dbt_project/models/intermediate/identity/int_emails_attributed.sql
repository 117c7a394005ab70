with

records as (

    select * from {{ ref('int_records_identified') }}

)

select
    lower(email) as email_key,
    min(customer_id) as customer_id,
    coalesce(min(case when not is_deleted then record_id end), min(record_id)) as record_id

from records
where email is not null
group by lower(email)
having count(distinct customer_id) = 1
