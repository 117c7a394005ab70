with

surveys as (

    select * from {{ ref('stg_crm__surveys') }}

),

records_named as (

    select * from {{ ref('int_records_named') }}

),

order_references as (

    select * from {{ ref('int_order_references_resolved') }}

),

transactions as (

    select * from {{ ref('int_transactions_attributed') }}

)

select
    surveys.response_id,
    surveys.source,
    coalesce(contacts.customer_id, transactions.customer_id) as customer_id,
    coalesce(contacts.record_id, transactions.record_id) as record_id,
    order_references.order_id,
    surveys.store_id,
    surveys.channel,
    surveys.kind,
    surveys.score,
    surveys.scale_max,
    surveys.answer_text,
    surveys.answered_at

from surveys
left join records_named as contacts
    on surveys.contact_record_id = contacts.named_record_id
left join order_references
    on surveys.order_reference = order_references.reference
left join transactions
    on order_references.order_id = transactions.transaction_id
where surveys.answered_at < {{ as_of_end() }}
