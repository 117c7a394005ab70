with

golden_records as (

    select * from {{ ref('int_golden_records_chosen') }}

),

field_values as (

    select * from {{ ref('int_golden_values_listed') }}

)

select
    {%- for field in golden_fields() %}
    cast(
        max(case when field_values.field = '{{ field.name }}' then field_values.field_value end) as {{ field.type }}
    ) as {{ field.name }},
    {%- endfor %}
    golden_records.customer_id

from golden_records
inner join field_values
    on
        golden_records.record_id = field_values.record_id
        and golden_records.field_group = field_values.field_group
group by golden_records.customer_id
