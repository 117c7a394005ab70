{#
    Where the lake lies is known when a query is written and not when the project is parsed: so one parse serves every
    home and every day (docs/adr/0012). `$lake` stands for it in the sources' locations.
#}
{% macro source(kind, table) %}
    {%- set found = builtins.source(kind, table) -%}
    {%- if execute and found.external -%}
        {%- set found = found.incorporate(external=in_lake(found.external, escape_pattern(var('lake')))) -%}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}

{# A location as SQL text, in quotes. #}
{% macro in_lake(location, lake=none) %}
    {{- return(location | replace('$lake', (lake or var('lake')) | replace("'", "''"))) -}}
{% endmacro %}

{# A path so that DuckDB, which takes what it reads from for a pattern, finds that path and nothing else. #}
{% macro escape_pattern(path) %}
    {{- return(path | replace('[', '[[]') | replace('*', '[*]') | replace('?', '[?]')) -}}
{% endmacro %}
