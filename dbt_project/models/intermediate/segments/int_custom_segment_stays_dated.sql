with

customers as (

    select * from {{ ref('customer_360') }}

),

stays_before as (

    select * from {{ ref('stg_segments__membership_intervals') }}

),

members as (

    select
        segment,
        customer_id

    from {{ ref('int_segment_members_found') }}
    where not is_unevaluated

),

-- Who has no record left is no customer of today; the stays are remembered all the same, should they come back.
stays_of_customers as (

    select
        stays_before.segment,
        stays_before.customer_id,
        stays_before.entered_on,
        stays_before.left_on

    from stays_before
    inner join customers
        on stays_before.customer_id = customers.customer_id

),

lasting as (

    select * from stays_of_customers
    where left_on is null

)

select
    customer_id,
    segment,
    entered_on,
    left_on

from stays_of_customers
where left_on is not null

union all

select
    coalesce(lasting.customer_id, members.customer_id) as customer_id,
    coalesce(lasting.segment, members.segment) as segment,
    coalesce(lasting.entered_on, {{ as_of_date() }}) as entered_on,
    case when members.customer_id is null then {{ as_of_date() }} end as left_on

from lasting
full outer join members
    on
        lasting.segment = members.segment
        and lasting.customer_id = members.customer_id
