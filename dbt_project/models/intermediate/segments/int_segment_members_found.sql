with

customers as (

    select * from {{ ref('customer_360') }}

),

traits as (

    select * from {{ ref('int_traits_pivoted') }}

),

described as (

    select
        customers.*,
        {%- for trait in var('traits') %}
        traits.{{ trait.name }},
        {%- endfor %}
        {{ as_of_date() }} as as_of

    from customers
    left join traits  -- noqa: ST11
        on customers.customer_id = traits.customer_id

),

found as (

    {% for segment in var('segments') -%}
    select
        customer_id,
        '{{ segment.name }}' as segment,
        {{ evaluated(segment.condition) }} as evaluation

    from described
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        customer_id,
        cast(null as string) as segment,
        {{ evaluated('true') }} as evaluation

    from described
    where false
    {%- endfor %}

)

select
    found.customer_id,
    found.segment,
    found.evaluation is null as is_unevaluated

from found
where coalesce(found.evaluation.holds, found.evaluation is null)
