{#
    On DuckDB a table or view is made in place, in one transaction: a reader sees the one before until the commit, and a
    failure leaves it. dbt's own way, made for engines where a definition cannot be undone, builds beside it and renames
    twice, which takes longer than most of the queries (docs/adr/0011).
#}
{% materialization table, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='table') -%}
    {{- make_in_place(relation, create_table_as(false, relation, compiled_code)) -}}
    {{- return({'relations': [relation]}) -}}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='view') -%}
    {{- make_in_place(relation, get_create_view_as_sql(relation, compiled_code)) -}}
    {{- return({'relations': [relation]}) -}}
{% endmaterialization %}

{% macro make_in_place(relation, definition) %}
    {%- set existing = load_cached_relation(this) -%}
    {{- run_hooks(pre_hooks, inside_transaction=false) -}}
    {{- run_hooks(pre_hooks, inside_transaction=true) -}}
    {%- call statement('main') -%}
        {%- if existing is not none %}
            drop {{ existing.type }} {{ existing }};
        {%- endif %}
        {{ definition }}
    {%- endcall -%}
    {%- do persist_docs(relation, model) -%}
    {{- run_hooks(post_hooks, inside_transaction=true) -}}
    {{- adapter.commit() -}}
    {{- run_hooks(post_hooks, inside_transaction=false) -}}
{% endmacro %}
