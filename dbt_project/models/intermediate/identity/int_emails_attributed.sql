with

records as (

    select * from {{ ref('int_records_identified') }}

)

select
    email_key as mailbox,
    min(customer_id) as customer_id,
    coalesce(min(case when not is_deleted then record_id end), min(record_id)) as record_id

from records
where email_key is not null
group by email_key
having count(distinct customer_id) = 1
