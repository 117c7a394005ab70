{# DuckDB reads the lake where a source is named. Spark needs a table of that name first: a view over the same files. #}
{% macro register_sources() %}
    {{- return(adapter.dispatch('register_sources', 'parcours')()) -}}
{% endmacro %}

{% macro default__register_sources() %}{% endmacro %}

{% macro spark__register_sources() %}
    {%- if execute -%}
        {%- for schema in graph.sources.values() | map(attribute='schema') | unique | sort %}
            {%- do run_query('create schema if not exists ' ~ schema) %}
        {%- endfor %}
        {%- for source in graph.sources.values() | sort(attribute='unique_id') %}
            {%- set quoted = source.meta.external_location.format(name=source.name) %}
            {%- set path = quoted[1:-1] | replace("''", "'") | replace('`', '``') %}
            {%- do run_query(
                'create or replace view ' ~ source.schema ~ '.' ~ source.identifier ~ ' as select * from parquet.`' ~ path ~ '`'
            ) %}
        {%- endfor %}
    {%- endif -%}
{% endmacro %}
