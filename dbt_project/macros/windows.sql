{# In a window, the last value so far that is filled: to be followed by `over (...)`. #}
{% macro last_filled(column) %}
    {{- return(adapter.dispatch('last_filled', 'parcours')(column)) -}}
{% endmacro %}

{% macro default__last_filled(column) -%}
    last_value({{ column }} ignore nulls)
{%- endmacro %}

{% macro spark__last_filled(column) -%}
    last_value({{ column }}, true)
{%- endmacro %}
