with

customer_traits as (

    select * from {{ ref('customer_traits') }}

)

select
    {% for trait in var('traits') -%}
    max(case when trait = '{{ trait.name }}' then value end) as {{ trait.name }},
    {% endfor -%}
    customer_id,
    count(value) as trait_count

from customer_traits
group by customer_id
