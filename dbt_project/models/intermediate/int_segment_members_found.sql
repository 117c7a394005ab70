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
        {{ holds(segment.condition) }} as is_member,
        {{ fails(segment.condition) }} as is_unevaluated

    from described
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        customer_id,
        cast(null as string) as segment,
        false as is_member,
        false as is_unevaluated

    from described
    where false
    {%- endfor %}

)

select
    customer_id,
    segment,
    is_unevaluated

from found
where is_member or is_unevaluated
