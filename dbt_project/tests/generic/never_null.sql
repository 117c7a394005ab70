{# Fails with one row per row of `model` in which one of `columns` is null. One pass over the table for all of them. #}
{% test never_null(model, columns) %}

select {{ columns | join(', ') }}

from {{ model }}
where
    {% for column in columns -%}
    {{ 'or ' if not loop.first }}{{ column }} is null
    {% endfor %}

{% endtest %}
