{# The distinct values of a group in alphabetical order, with ` | ` between them; null where there is none. #}
{% macro list_values(expression) %}
    {{- return(adapter.dispatch('list_values', 'parcours')(expression)) -}}
{% endmacro %}

{% macro default__list_values(expression) -%}
    string_agg(distinct {{ expression }}, ' | ' order by {{ expression }})
{%- endmacro %}

{% macro spark__list_values(expression) -%}
    nullif(array_join(array_sort(collect_set({{ expression }})), ' | '), '')
{%- endmacro %}

{#
    French text as words with one space or more between and around them: lower case, without accents or punctuation, so
    that ' mot ' is found wherever the word stands.
#}
{% macro plain_words(text) -%}
    ' ' || translate(
        replace(replace(lower({{ text }}), 'œ', 'oe'), 'æ', 'ae'),
        'àâäáãçéèêëíìîïñóòôöõúùûüÿ.,;:!?()«»"/-…’' || chr(39) || chr(10) || chr(13) || chr(9) || chr(160),
        'aaaaaceeeeiiiinooooouuuuy{{ ' ' * 20 }}'
    ) || ' '
{%- endmacro %}

{# A part of a key made of several, told from the next by the colon behind it: one that stands in it is written %3A. #}
{% macro key_part(column) -%}
    replace(replace({{ column }}, '%', '%25'), ':', '%3A')
{%- endmacro %}

{# The keys of what is done on the web, unique over sources. A session is numbered by its visitor. #}
{% macro visitor_key(visitor) -%}
    source || ':visitors:' || {{ visitor }}
{%- endmacro %}

{% macro session_key(session, visitor) -%}
    source || ':sessions:' || {{ key_part(session) }} || ':' || {{ visitor }}
{%- endmacro %}

{% macro account_key(account) -%}
    source || ':customers:' || {{ account }}
{%- endmacro %}
