{#
    Where the lake lies is known when a query is written and not when the project is parsed: so one parse serves every
    home and every day (docs/adr/0012). `$lake` stands for it in the sources' locations.
#}
{% macro source(kind, table) %}
    {%- set found = builtins.source(kind, table) -%}
    {%- if execute and found.external -%}
        {%- set found = found.incorporate(external=in_lake(found.external)) -%}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}

{# A location as SQL text, in quotes. Where it is a pattern, what the home's path has of one stands for itself. #}
{% macro in_lake(location) %}
    {%- set lake = var('lake') | replace("'", "''") -%}
    {%- if '*' in location -%}
        {%- set lake = lake | replace('[', '[[]') | replace('*', '[*]') -%}
    {%- endif -%}
    {{- return(location | replace('$lake', lake)) -}}
{% endmacro %}
