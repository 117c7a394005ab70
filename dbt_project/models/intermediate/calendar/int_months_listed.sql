{#- Written out, so that no engine has to count months. Fifty years reach back before any loyalty card. -#}
{%- set months_back = 600 -%}

select
    cast(months_ago as bigint) as months_ago,
    cast(month as date) as month

from (
    values
    {%- for months_ago in range(months_back) %}
    ({{ months_ago }}, '{{ month_end_before_as_of(months_ago) | string | truncate(8, true, "", 0) }}01')
    {{- ',' if not loop.last }}
    {%- endfor %}
) as listed (months_ago, month)  -- noqa: AL05
