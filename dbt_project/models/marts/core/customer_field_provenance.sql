with

records as (

    select * from {{ ref('int_records_identified') }}
    -- A further mailbox is a way to reach somebody, but not the one that their row gives first.
    where table_name <> 'contact_points'

),

golden_records as (

    select * from {{ ref('int_golden_records_chosen') }}

),

golden_fields as (

    select * from {{ ref('int_golden_fields_pivoted') }}

),

survivorship_rules as (

    select * from {{ ref('survivorship_rules') }}

),

-- Counted and compared a customer and a record a row, before the fields become rows: most of what is held is chosen.
counted as (

    select
        {%- for field in golden_fields() %}
        count({{ golden_value(field) }}) as {{ field.name }}_count,
        {%- endfor %}
        customer_id

    from records
    group by customer_id

),

fields_counted as (

    {% for field in golden_fields() -%}
    select
        counted.customer_id,
        '{{ field.group }}' as field_group,
        '{{ field.name }}' as field,
        cast(golden_fields.{{ field.name }} as string) as field_value,
        counted.{{ field.name }}_count as candidate_count

    from counted
    inner join golden_fields
        on counted.customer_id = golden_fields.customer_id
    where counted.{{ field.name }}_count > 0
    {{- "\n\n    union all\n" if not loop.last }}
    {% endfor %}
),

held as (

    select
        {%- for field in golden_fields() %}
        golden_fields.{{ field.name }} as golden_{{ field.name }},
        {{ golden_value(field, 'records') }} as {{ field.name }},
        {%- endfor %}
        records.customer_id

    from records
    inner join golden_fields
        on records.customer_id = golden_fields.customer_id

),

losing as (

    {% for field in golden_fields() -%}
    select distinct
        customer_id,
        '{{ field.name }}' as field,
        {{ field.name }} as field_value

    from held
    where
        {{ field.name }} is not null
        and (golden_{{ field.name }} is null or {{ field.name }} <> cast(golden_{{ field.name }} as string))
    {{- "\n\n    union all\n" if not loop.last }}
    {% endfor %}
),

-- Few values lose, and only theirs are listed: lists stay in memory as a whole.
losing_listed as (

    select
        customer_id,
        field,
        {{ list_values('field_value') }} as losing_values

    from losing
    group by customer_id, field

)

select
    fields_counted.customer_id,
    fields_counted.field,
    fields_counted.field_value,
    golden_records.record_id,
    golden_records.rule,
    survivorship_rules.reason as rule_reason,
    golden_records.is_deleted as is_from_deleted_record,
    fields_counted.candidate_count,
    losing_listed.losing_values

from fields_counted
inner join golden_records
    on
        fields_counted.customer_id = golden_records.customer_id
        and fields_counted.field_group = golden_records.field_group
inner join survivorship_rules
    on fields_counted.field_group = survivorship_rules.field_group
left join losing_listed
    on
        fields_counted.customer_id = losing_listed.customer_id
        and fields_counted.field = losing_listed.field
-- The fields of a customer stand together: the table takes three quarters of the room so.
order by fields_counted.customer_id, fields_counted.field
