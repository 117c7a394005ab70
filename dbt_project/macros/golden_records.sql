{#
    The fields of the golden record, declared once. Fields of one `group` are taken together, from the one record that
    the rule of the group chooses (seeds survivorship_rules and record_trust). `columns` are those of a record that hold
    the field, the first one filled counts. `type` is that of the column in customer_360; values are listed as text.

    A new field stands here, in the contract of customer_360, and among RECORD_COLUMNS of
    pipelines/identity/standardisation/standardise.py; a new group in the two seeds as well. What is forgotten stops
    the build: every_golden_field_has_a_rule_and_a_trust.
#}
{% macro golden_fields() %}
    {{- return([
        {'name': 'civility', 'group': 'civility', 'columns': ['civility'], 'type': 'string'},
        {'name': 'first_name', 'group': 'name', 'columns': ['first_name'], 'type': 'string'},
        {'name': 'last_name', 'group': 'name', 'columns': ['last_name'], 'type': 'string'},
        {'name': 'email', 'group': 'email', 'columns': ['email'], 'type': 'string'},
        {'name': 'phone', 'group': 'phone', 'columns': ['mobile', 'phone'], 'type': 'string'},
        {'name': 'birth_date', 'group': 'birth_date', 'columns': ['birth_date'], 'type': 'date'},
        {'name': 'address', 'group': 'address', 'columns': ['address'], 'type': 'string'},
        {'name': 'postcode', 'group': 'address', 'columns': ['postcode'], 'type': 'string'},
        {'name': 'city', 'group': 'address', 'columns': ['city'], 'type': 'string'},
        {'name': 'country', 'group': 'address', 'columns': ['country'], 'type': 'string'},
        {'name': 'loyalty_card_id', 'group': 'loyalty_card', 'columns': ['loyalty_card_id'], 'type': 'string'},
    ]) -}}
{% endmacro %}

{# The columns of a record that hold golden fields. #}
{% macro golden_columns() %}
    {{- return(golden_fields() | map(attribute='columns') | sum(start=[]) | unique | list) -}}
{% endmacro %}

{# The golden fields that are taken together with others, as pairs of a group and its fields. #}
{% macro golden_groups_of_several() %}
    {%- set groups = [] -%}
    {%- for group, fields in golden_fields() | groupby('group') if fields | length > 1 -%}
        {%- do groups.append((group, fields)) -%}
    {%- endfor -%}
    {{- return(groups) -}}
{% endmacro %}

{# The group of a golden field, for a model that names one; a field that is not declared is an error. #}
{% macro golden_group(name) %}
    {%- set found = golden_fields() | selectattr('name', 'equalto', name) | list -%}
    {%- if not found -%}
        {{- exceptions.raise_compiler_error('golden_fields() in macros/golden_records.sql has no field ' ~ name) -}}
    {%- endif -%}
    {{- return(found[0].group) -}}
{% endmacro %}

{# What a record holds of a golden field, as text; of the one called `relation` where several are joined. #}
{% macro golden_value(field, relation=none) -%}
    {%- set columns = [] -%}
    {%- for column in field.columns -%}
        {%- do columns.append(column if relation is none else relation ~ '.' ~ column) -%}
    {%- endfor -%}
    {%- set value = columns[0] if columns | length == 1 else 'coalesce(' ~ columns | join(', ') ~ ')' -%}
    {{- value if field.type == 'string' else 'cast(' ~ value ~ ' as string)' -}}
{%- endmacro %}
