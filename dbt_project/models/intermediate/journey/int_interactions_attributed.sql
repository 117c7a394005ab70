with

interactions as (

    select * from {{ ref('stg_crm__interactions') }}

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
    interactions.interaction_id,
    interactions.source,
    coalesce(contacts.customer_id, transactions.customer_id) as customer_id,
    coalesce(contacts.record_id, transactions.record_id) as record_id,
    interactions.channel,
    interactions.kind,
    interactions.started_at,
    interactions.ended_at,
    interactions.is_resolved,
    order_references.order_id,
    interactions.product_id,
    interactions.store_id

from interactions
left join records_named as contacts
    on interactions.contact_record_id = contacts.named_record_id
left join order_references
    on interactions.order_reference = order_references.reference
left join transactions
    on order_references.order_id = transactions.transaction_id
where interactions.started_at < {{ as_of_end() }}
