{# The distinct values of a group in alphabetical order, with ` | ` between them; null where there is none. #}
{% macro list_values(expression) %}
    {{- return(adapter.dispatch('list_values', 'parcours')(expression)) -}}
{% endmacro %}

{% macro default__list_values(expression) -%}
    string_agg(distinct {{ expression }}, ' | ' order by {{ expression }})
{%- endmacro %}

{% macro spark__list_values(expression) -%}
    nullif(array_join(array_sort(collect_set({{ expression }})), ' | '), '')
{%- endmacro %}
