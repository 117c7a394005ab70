{#- Golden field: the group it is taken with, and where a record holds it. -#}
{%- set golden_fields = {
    'civility': ('civility', 'civility'),
    'first_name': ('name', 'first_name'),
    'last_name': ('name', 'last_name'),
    'email': ('email', 'email'),
    'phone': ('phone', 'coalesce(mobile, phone)'),
    'birth_date': ('birth_date', 'cast(birth_date as string)'),
    'address': ('address', 'address'),
    'postcode': ('address', 'postcode'),
    'city': ('address', 'city'),
    'country': ('address', 'country'),
    'loyalty_card_id': ('loyalty_card', 'loyalty_card_id'),
} -%}

with

records as (

    select * from {{ ref('int_records_identified') }}

),

listed as (

    {% for field, (field_group, expression) in golden_fields.items() -%}
    select
        record_id,
        customer_id,
        table_name,
        updated_at,
        is_deleted,
        '{{ field_group }}' as field_group,
        '{{ field }}' as field,
        {{ expression }} as field_value

    from records
    {{- "\n\n    union all\n" if not loop.last }}
    {% endfor %}
)

select * from listed
where field_value is not null
