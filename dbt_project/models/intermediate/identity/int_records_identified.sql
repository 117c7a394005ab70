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
    case
        when records.updated_at >= {{ as_of_end() }} then {{ as_of_end() }} - interval '1' second
        else records.updated_at
    end as updated_at,
    case when records.deleted_at < {{ as_of_end() }} then records.deleted_at end as deleted_at,
    coalesce(records.deleted_at < {{ as_of_end() }}, false) as is_deleted

from records
inner join customer_ids
    on records.record_id = customer_ids.record_id
where records.created_at is null or records.created_at < {{ as_of_end() }}
