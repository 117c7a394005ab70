-- A row is a golden address, or another group of golden fields, in customer_360 that no single record of the customer
-- holds as a whole.
with

customers as (

    select * from {{ ref('customer_360') }}

),

records as (

    select * from {{ ref('int_records_identified') }}

),

customer_fields as (

    {% for group, fields in golden_groups_of_several() -%}
    select
        customer_id,
        '{{ group }}' as field_group,
        {%- for field in fields %}
        coalesce(cast({{ field.name }} as string), '') || '|' ||
        {%- endfor %}
        '' as field_values

    from customers
    {{- "\n\n    union all\n" if not loop.last }}
    {% endfor %}
),

record_fields as (

    {% for group, fields in golden_groups_of_several() -%}
    select
        customer_id,
        '{{ group }}' as field_group,
        {%- for field in fields %}
        coalesce({{ golden_value(field) }}, '') || '|' ||
        {%- endfor %}
        '' as field_values

    from records
    {{- "\n\n    union all\n" if not loop.last }}
    {% endfor %}
)

select
    customer_fields.customer_id,
    customer_fields.field_group

from customer_fields
left join record_fields
    on
        customer_fields.customer_id = record_fields.customer_id
        and customer_fields.field_group = record_fields.field_group
        and customer_fields.field_values = record_fields.field_values
where
    record_fields.customer_id is null
    and replace(customer_fields.field_values, '|', '') <> ''
