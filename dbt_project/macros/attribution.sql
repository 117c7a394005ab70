{# The models under which an order is owed to its touches, in the order in which they are listed. #}
{% macro attribution_models() %}
    {{- return(['first_touch', 'last_touch', 'linear', 'position_based', 'time_decay', 'markov']) -}}
{% endmacro %}

{# The model behind the column `roas`. #}
{% macro roas_model() %}
    {%- if var('roas_model') not in attribution_models() -%}
        {{- exceptions.raise_compiler_error(
            'The var roas_model in dbt_project.yml is ' ~ var('roas_model') ~ '; set it to one of: '
            ~ attribution_models() | join(', ')
        ) -}}
    {%- endif -%}
    {{- return(var('roas_model')) -}}
{% endmacro %}

{# Percent of the credit for the `first`, the `middle` or the `last` touches under position_based. #}
{% macro attribution_share(position) %}
    {%- set first, last = var('attribution_first_share') | int, var('attribution_last_share') | int -%}
    {%- if first < 1 or last < 1 or first + last > 100 -%}
        {{- exceptions.raise_compiler_error(
            'The vars attribution_first_share and attribution_last_share in dbt_project.yml are ' ~ first ~ ' and '
            ~ last ~ '; set each to at least 1, and both together to at most 100'
        ) -}}
    {%- endif -%}
    {{- return({'first': first, 'last': last, 'middle': 100 - first - last}[position]) -}}
{% endmacro %}

{#
    A square matrix as rows (from_state, to_state, amount), raised to the eighth power by squaring three times. Amounts
    are kept to 15 decimals, so that the order in which rows are summed changes nothing.
#}
{% macro raise_to_the_eighth(matrix) -%}
    {%- for power in (2, 4, 8) %}
    matrix_{{ power }} as (

        select
            firsts.from_state,
            seconds.to_state,
            cast(sum(firsts.amount * seconds.amount) as decimal(18, 15)) as amount

        from {{ matrix if loop.first else 'matrix_' ~ (power // 2) }} as firsts
        inner join {{ matrix if loop.first else 'matrix_' ~ (power // 2) }} as seconds
            on firsts.to_state = seconds.from_state
        group by firsts.from_state, seconds.to_state

    ){{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
