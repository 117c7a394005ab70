{#
    Time is an input: `as_of` is the day a run takes for today, and "now" is the end of that day in the configured time
    zone. Fixed points are worked out here, once, and written into the SQL as literals, so no engine decides them.
#}

{# The as_of day as a Python date. #}
{% macro as_of_day() %}
    {%- set given = var('as_of') -%}
    {%- if given is none -%}
        {%- if execute -%}
            {{ exceptions.raise_compiler_error("No as_of: pass --vars '{as_of: YYYY-MM-DD, lake: PATH}'") }}
        {%- endif -%}
        {%- set given = '2000-01-01' -%}
    {%- endif -%}
    {{- return(modules.datetime.date.fromisoformat(given | string)) -}}
{% endmacro %}

{# The as_of day, `days` days and `months` months earlier, as a date literal. A day that a month lacks is its last. #}
{% macro as_of_date(days=0, months=0) %}
    {{- return("cast('" ~ earlier_day(as_of_day(), days, months).isoformat() ~ "' as date)") -}}
{% endmacro %}

{# The end of the as_of day, `days` days and `months` months earlier: the first instant that lies after it, in UTC. #}
{% macro as_of_end(days=0, months=0) %}
    {%- set next_day = earlier_day(as_of_day(), days, months) + modules.datetime.timedelta(days=1) -%}
    {%- set midnight = modules.datetime.datetime.combine(next_day, modules.datetime.time.min) -%}
    {%- set instant = modules.pytz.timezone(var('timezone')).localize(midnight).astimezone(modules.pytz.utc) -%}
    {{- return("cast('" ~ instant.strftime('%Y-%m-%d %H:%M:%S') ~ "' as timestamp)") -}}
{% endmacro %}

{% macro earlier_day(day, days, months) %}
    {%- set month_number = day.year * 12 + day.month - 1 - months -%}
    {%- set first = day.replace(year=month_number // 12, month=month_number % 12 + 1, day=1) -%}
    {%- set month_length = (first.replace(day=28) + modules.datetime.timedelta(days=4)).replace(day=1) - first -%}
    {%- set moved = first + modules.datetime.timedelta(days=[day.day, month_length.days] | min - 1) -%}
    {{- return(moved - modules.datetime.timedelta(days=days)) -}}
{% endmacro %}

{# The day on which a UTC instant falls in the configured time zone. #}
{% macro local_date(instant) %}
    {{- return(adapter.dispatch('local_date', 'parcours')(instant)) -}}
{% endmacro %}

{% macro default__local_date(instant) -%}
    cast(timezone('{{ var("timezone") }}', timezone('UTC', {{ instant }})) as date)
{%- endmacro %}

{% macro spark__local_date(instant) -%}
    cast(from_utc_timestamp({{ instant }}, '{{ var("timezone") }}') as date)
{%- endmacro %}

{# An instant moved by a number of days of 24 hours. #}
{% macro add_days(instant, days) -%}
    ({{ instant }} + interval '{{ days }}' day)
{%- endmacro %}

{# A date moved by a number of days. #}
{% macro add_days_to_date(day, days) -%}
    cast({{ day }} + interval '{{ days }}' day as date)
{%- endmacro %}

{# Whole days from one date to another, as bigint. #}
{% macro days_between(earlier, later) %}
    {{- return(adapter.dispatch('days_between', 'parcours')(earlier, later)) -}}
{% endmacro %}

{% macro default__days_between(earlier, later) -%}
    cast(date_diff('day', {{ earlier }}, {{ later }}) as bigint)
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    cast(datediff({{ later }}, {{ earlier }}) as bigint)
{%- endmacro %}

{# Seconds since 1970, as bigint: an instant that window frames can reckon with. #}
{% macro epoch_seconds(instant) %}
    {{- return(adapter.dispatch('epoch_seconds', 'parcours')(instant)) -}}
{% endmacro %}

{% macro default__epoch_seconds(instant) -%}
    cast(floor(epoch({{ instant }})) as bigint)
{%- endmacro %}

{% macro spark__epoch_seconds(instant) -%}
    unix_seconds({{ instant }})
{%- endmacro %}

{# The last day of the month of a date. Known to both engines by this name. #}
{% macro month_end(day) -%}
    last_day({{ day }})
{%- endmacro %}

{# How many calendar months the month of a date lies before that of as_of, as int. #}
{% macro months_before_as_of(day) -%}
    {%- set today = as_of_day() -%}
    cast({{ today.year * 12 + today.month }} - extract(year from {{ day }}) * 12 - extract(month from {{ day }}) as int)
{%- endmacro %}

{# The last day of the month `months` before that of as_of, as a Python date. #}
{% macro month_end_before_as_of(months) %}
    {%- set next_month_first = earlier_day(as_of_day(), 0, months - 1).replace(day=1) -%}
    {{- return(next_month_first - modules.datetime.timedelta(days=1)) -}}
{% endmacro %}

{# A date moved by a whole number of days that a column holds. #}
{% macro days_after(day, count) %}
    {{- return(adapter.dispatch('days_after', 'parcours')(day, count)) -}}
{% endmacro %}

{% macro default__days_after(day, count) -%}
    ({{ day }} + cast({{ count }} as int))
{%- endmacro %}

{% macro spark__days_after(day, count) -%}
    date_add({{ day }}, cast({{ count }} as int))
{%- endmacro %}

{# A date as a number that window frames can reckon with: days since 1970, as bigint. #}
{% macro day_number(day) -%}
    {{ days_between("cast('1970-01-01' as date)", day) }}
{%- endmacro %}

{# The month of a date as a number to reckon with: months since year 0, as bigint. #}
{% macro month_number(day) -%}
    cast(extract(year from {{ day }}) * 12 + extract(month from {{ day }}) - 1 as bigint)
{%- endmacro %}

{# The first day of the month of a date. #}
{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{# How many calendar months lie between the months of two dates, as bigint. #}
{% macro months_between_dates(earlier, later) -%}
    cast(
        (extract(year from {{ later }}) - extract(year from {{ earlier }})) * 12
        + extract(month from {{ later }}) - extract(month from {{ earlier }}) as bigint
    )
{%- endmacro %}

{#
    The end of the last month that is over on the as_of day, `months` months earlier, as a date literal. What is counted
    up to it stays the same from night to night.
#}
{% macro closed_month_end(months=0) %}
    {%- set is_over = month_end_before_as_of(0) == as_of_day() -%}
    {%- set day = month_end_before_as_of(months if is_over else months + 1) -%}
    {{- return("cast('" ~ day.isoformat() ~ "' as date)") -}}
{% endmacro %}
