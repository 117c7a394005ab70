{#
    DuckDB reads the lake where a source is named. Spark needs a table of that name first: an external one over the same
    files, so that their columns are looked up once rather than by each query.
#}
{% macro register_sources() %}
    {{- return(adapter.dispatch('register_sources', 'parcours')()) -}}
{% endmacro %}

{% macro default__register_sources() %}{% endmacro %}

{% macro spark__register_sources() %}
    {%- if execute -%}
        {#- Only what is read: what a later pass reads may not be there yet. -#}
        {%- set read = [] %}
        {%- for node in graph.nodes.values() if node.unique_id in selected_resources %}
            {%- do read.extend(node.depends_on.nodes) %}
        {%- endfor %}
        {%- set sources = graph.sources.values() | selectattr('unique_id', 'in', read) | list %}
        {%- for schema in sources | map(attribute='schema') | unique | sort %}
            {%- do run_query('create schema if not exists ' ~ schema) %}
        {%- endfor %}
        {%- for source in sources | sort(attribute='unique_id') %}
            {%- set path = in_lake(source.meta.external_location).format(name=source.name)[1:-1] | replace("''", "\\'") %}
            {%- set relation = source.schema ~ '.' ~ source.identifier %}
            {%- do run_query('drop table if exists ' ~ relation) %}
            {%- do run_query('create table ' ~ relation ~ " using parquet options (path '" ~ path ~ "')") %}
        {%- endfor %}
    {%- endif -%}
{% endmacro %}
