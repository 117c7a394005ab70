{#
    Columns as one value that is compared from the first to the last, so that `min` of it is a group's first row: one pass
    over the rows, where ranking them sorts them all. It begins with what orders the rows and ends no tie before a key.
#}
{% macro struct_of(columns) %}
    {{- return(adapter.dispatch('struct_of', 'parcours')(columns)) -}}
{% endmacro %}

{% macro default__struct_of(columns) -%}
    {{ '{' }}{% for column in columns %}'{{ column }}': {{ column }}{{ ', ' if not loop.last }}{% endfor %}{{ '}' }}
{%- endmacro %}

{% macro spark__struct_of(columns) -%}
    struct({{ columns | join(', ') }})
{%- endmacro %}

{# In a select, the texts in their order, each in a row of its own beside the other columns. #}
{% macro row_for_each(texts) %}
    {{- return(adapter.dispatch('row_for_each', 'parcours')(texts)) -}}
{% endmacro %}

{% macro default__row_for_each(texts) -%}
    unnest(['{{ texts | join("', '") }}'])
{%- endmacro %}

{% macro spark__row_for_each(texts) -%}
    explode(array('{{ texts | join("', '") }}'))
{%- endmacro %}
