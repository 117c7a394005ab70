{#
    Conditions that analysts write (segments.yml). Bound before the run, they can still fail on one row, on a text that
    is no number, say: DuckDB then goes on, and the row is told apart; Spark stops.
    On lines of their own: a comment at the end of a condition must not swallow what follows.
#}

{#
    What the condition says of the row, as a struct around it: null itself where it fails, which a null condition is not.
    To be written once in a query: what stands in it twice, DuckDB computes first, outside of the try.
#}
{% macro evaluated(condition) %}
    {{- return(adapter.dispatch('evaluated', 'parcours')(condition)) -}}
{% endmacro %}

{% macro default__evaluated(condition) -%}
    try({'holds': cast((
{{ condition }}
    ) as boolean)})
{%- endmacro %}

{% macro spark__evaluated(condition) -%}
    named_struct('holds', cast((
{{ condition }}
    ) as boolean))
{%- endmacro %}

{# The aggregate of a trait over `measured` and `happened`, of the rows that count; always a decimal. #}
{% macro trait_value(trait, happened_on) -%}
    {%- set measured = 'case when is_counted then measured end' -%}
    {%- set happened = 'case when is_counted then ' ~ happened_on ~ ' end' -%}
    cast(
        {%- if trait.aggregate == 'count' %} sum(case when is_counted then 1 else 0 end)
        {%- elif trait.aggregate == 'count_distinct' %} count(distinct {{ measured }})
        {%- elif trait.aggregate == 'average' %} {{ share('sum(' ~ measured ~ ')', 'count(' ~ measured ~ ')') }}
        {%- elif trait.aggregate == 'days_since_first' %} {{ days_between('min(' ~ happened ~ ')', as_of_date()) }}
        {%- elif trait.aggregate == 'days_since_last' %} {{ days_between('max(' ~ happened ~ ')', as_of_date()) }}
        {%- else %} {{ trait.aggregate }}({{ measured }})
        {%- endif %} as decimal(18, 4)
    )
{%- endmacro %}
