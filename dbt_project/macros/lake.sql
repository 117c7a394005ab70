{#
    Leaves the model's table in the lake as `<kind>/<name>`, for Python to fit something to it. On DuckDB that is a file,
    on Spark a folder of files of that name.
#}
{% macro write_to_lake(kind, name) %}
    {{- return(adapter.dispatch('write_to_lake', 'parcours')(var('lake') ~ '/' ~ kind ~ '/' ~ name ~ '.parquet')) -}}
{% endmacro %}

{% macro default__write_to_lake(path) -%}
    copy (select * from {{ this }}) to '{{ path | replace("'", "''") }}' (format parquet)
{%- endmacro %}

{% macro spark__write_to_lake(path) -%}
    insert overwrite directory '{{ path | replace("'", "\\'") }}' using parquet select * from {{ this }}
{%- endmacro %}
