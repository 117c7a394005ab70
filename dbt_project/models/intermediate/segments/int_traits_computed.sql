{#-
    What a trait may sum up, and when its rows happened; `pipelines/segments/definitions.py` allows the same.
    Named one by one: dbt must see what is read before it is told which traits there are.
-#}
{%- set times = {
    'orders': 'ordered_at',
    'order_lines': 'ordered_at',
    'returns': 'returned_at',
    'customer_touchpoints': 'touched_at',
    'friction_incidents': 'day'
} -%}

with

orders as (

    select * from {{ ref('orders') }}

),

order_lines as (

    select * from {{ ref('order_lines') }}

),

returns as (

    select * from {{ ref('returns') }}

),

customer_touchpoints as (

    select * from {{ ref('customer_touchpoints') }}

),

friction_incidents as (

    select * from {{ ref('friction_incidents') }}

)

{%- for trait in var('traits') %}
{%- set time = times[trait['from']] %}
{%- set is_day = time == 'day' %}
{%- set condition = trait['where'] if trait['where'] is not none else 'true' %}

select
    customer_id,
    '{{ trait.name }}' as trait,
    {{ trait_value(trait, 'happened' if is_day else local_date('happened')) }} as trait_value,
    cast(sum(case when is_unevaluated then 1 else 0 end) as bigint) as unevaluated_count

from (
    select
        customer_id,
        measured,
        happened,
        coalesce(evaluation.holds, false) as is_counted,
        evaluation is null as is_unevaluated

    from (
    select
        customer_id,
        {{ trait.column if trait.column is not none else 'cast(null as bigint)' }} as measured,
        {{ time }} as happened,
        {{ evaluated(condition) }} as evaluation

    from {{ trait['from'] }}
    where
        customer_id is not null
        {%- if trait.window_days is not none %}
        and {{ time }} {{ '>' if is_day else '>=' }}
        {{ as_of_date(days=trait.window_days) if is_day else as_of_end(days=trait.window_days) }}
        {%- endif %}
    ) as rows_in_window
) as evaluated_rows
where is_counted or is_unevaluated
group by customer_id
{%- if not loop.last %}

union all
{%- endif %}
{%- else %}

select
    customer_id,
    cast(null as string) as trait,
    cast(null as decimal(18, 4)) as trait_value,
    cast(null as bigint) as unevaluated_count

from orders
where false
{%- endfor %}
