with

definitions as (

    select * from {{ ref('stg_segments__traits') }}

),

computed as (

    select * from {{ ref('int_traits_computed') }}

),

counted as (

    select
        trait,
        count(*) as customer_count,
        sum(unevaluated_count) as unevaluated_count

    from computed
    group by trait

)

select
    definitions.trait,
    definitions.description,
    definitions.owner,
    definitions.mart,
    definitions.aggregate,
    definitions.measured_column,
    definitions.filter,
    definitions.window_days,
    coalesce(counted.customer_count, 0) as customer_count,
    cast(coalesce(counted.unevaluated_count, 0) as bigint) as unevaluated_count

from definitions
left join counted
    on definitions.trait = counted.trait
