-- A row is a channel profile whose cohorts do not hold each customer who ordered once, with all their orders and
-- revenue.
with

cohorts as (

    select
        channel_profile,
        sum(case when months_since = 0 then customers else 0 end) as customers,
        sum(orders) as order_count,
        sum(revenue) as revenue

    from {{ ref('retention_cohorts') }}
    group by channel_profile

),

customers as (

    select
        channel_profile,
        count(*) as customers,
        sum(order_count) as order_count,
        sum(revenue) as revenue

    from {{ ref('customer_360') }}
    where order_count > 0
    group by channel_profile

)

select
    coalesce(cohorts.channel_profile, customers.channel_profile) as channel_profile,
    cohorts.revenue as revenue_of_cohorts,
    customers.revenue as revenue_of_customers

from cohorts
full outer join customers
    on cohorts.channel_profile = customers.channel_profile
where
    cohorts.channel_profile is null
    or customers.channel_profile is null
    or cohorts.customers <> customers.customers
    or cohorts.order_count <> customers.order_count
    or cohorts.revenue <> customers.revenue
