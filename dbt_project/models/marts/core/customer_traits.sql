with

customers as (

    select * from {{ ref('customer_360') }}

),

traits as (

    select * from {{ ref('stg_segments__traits') }}

),

computed as (

    select * from {{ ref('int_traits_computed') }}

)

select
    customers.customer_id,
    traits.trait,
    case
        when traits.is_zero_without_rows then coalesce(computed.trait_value, 0)
        else computed.trait_value
    end as value

from customers
cross join traits
left join computed
    on
        customers.customer_id = computed.customer_id
        and traits.trait = computed.trait
