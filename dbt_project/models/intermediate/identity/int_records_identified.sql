with

records as (

    select * from {{ ref('stg_identity__records') }}

),

customer_ids as (

    select * from {{ ref('stg_identity__customer_ids') }}

)

select
    records.record_id,
    customer_ids.customer_id,
    records.source,
    records.kind,
    records.table_name,
    {%- for column in golden_columns() %}
    records.{{ column }},
    {%- endfor %}
    records.email_key,
    records.card_key,
    records.created_at,
    records.updated_at,
    records.deleted_at,
    records.deleted_at is not null as is_deleted

from records
inner join customer_ids
    on records.record_id = customer_ids.record_id
