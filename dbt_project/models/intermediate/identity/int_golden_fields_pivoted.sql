with

golden_records as (

    select * from {{ ref('int_golden_records_chosen') }}

),

records as (

    select * from {{ ref('int_records_identified') }}

)

select
    {%- for field in golden_fields() %}
    cast(
        max(case when golden_records.field_group = '{{ field.group }}' then {{ golden_value(field, 'records') }} end)
        as {{ field.type }}
    ) as {{ field.name }},
    {%- endfor %}
    golden_records.customer_id

from golden_records
inner join records
    on golden_records.record_id = records.record_id
group by golden_records.customer_id
