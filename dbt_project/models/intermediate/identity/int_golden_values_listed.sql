with

records as (

    select * from {{ ref('int_records_identified') }}

),

listed as (

    {% for field in golden_fields() -%}
    select
        record_id,
        customer_id,
        table_name,
        updated_at,
        is_deleted,
        '{{ field.group }}' as field_group,
        '{{ field.name }}' as field,
        {{ golden_value(field) }} as field_value

    from records
    {{- "\n\n    union all\n" if not loop.last }}
    {% endfor %}
)

select * from listed
-- A further mailbox is a way to reach somebody, but not the one that their row gives first.
where field_value is not null and table_name <> 'contact_points'
