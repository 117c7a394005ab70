{#
    Money divided by a count, rounded half up to the cent. Reckoned in whole cents: engines round binary fractions
    differently.
#}
{% macro divide_money(amount, count) %}
    {{- return(adapter.dispatch('divide_money', 'parcours')(amount, count)) -}}
{% endmacro %}

{% macro default__divide_money(amount, count) -%}
    cast(
        sign({{ amount }}) * ((2 * cast(abs({{ amount }}) * 100 as bigint) + {{ count }}) // nullif(2 * {{ count }}, 0))
        as decimal(18, 0)
    ) * cast(0.01 as decimal(3, 2))
{%- endmacro %}

{% macro spark__divide_money(amount, count) -%}
    cast(
        sign({{ amount }}) * ((2 * cast(abs({{ amount }}) * 100 as bigint) + {{ count }}) div nullif(2 * {{ count }}, 0))
        as decimal(18, 0)
    ) * cast(0.01 as decimal(3, 2))
{%- endmacro %}

{# A share as a double: both counts are exact, so every engine divides to the same bits. Null where the whole is 0. #}
{% macro share(part, whole) -%}
    cast(({{ part }}) as double) / nullif(cast({{ whole }} as double), 0)
{%- endmacro %}

{# The whole part of one integer divided by another. #}
{% macro whole_quotient(dividend, divisor) %}
    {{- return(adapter.dispatch('whole_quotient', 'parcours')(dividend, divisor)) -}}
{% endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}

{% macro spark__whole_quotient(dividend, divisor) -%}
    (({{ dividend }}) div ({{ divisor }}))
{%- endmacro %}
