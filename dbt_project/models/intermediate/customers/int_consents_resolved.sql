with

consents as (

    select * from {{ ref('stg_crm__consents') }}

),

customer_ids as (

    select * from {{ ref('stg_identity__customer_ids') }}

),

ranked as (

    select
        customer_ids.customer_id,
        consents.contact_record_id,
        consents.channel,
        consents.purpose,
        consents.status,
        consents.recorded_at,
        row_number() over (
            partition by customer_ids.customer_id, consents.channel, consents.purpose
            order by
                consents.recorded_at desc,
                case consents.status when 'withdrawn' then 1 when 'denied' then 2 else 3 end asc,
                consents.contact_record_id asc
        ) as place

    from consents
    inner join customer_ids
        on consents.contact_record_id = customer_ids.record_id
    where consents.recorded_at < {{ as_of_end() }}

)

select
    customer_id,
    channel,
    purpose,
    status,
    recorded_at,
    contact_record_id

from ranked
where place = 1
