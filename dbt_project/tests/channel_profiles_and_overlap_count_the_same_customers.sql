-- A row is a measure that channel_value, channel_overlap and customer_360 do not agree on.
with

value_summed as (

    select
        sum(case when channel_profile <> 'prospect' then customers else 0 end) as buyer_count,
        sum(customers) as customer_count,
        sum(orders) as order_count,
        sum(revenue) as revenue

    from {{ ref('channel_value') }}

),

customers as (

    select
        sum(case when channel_profile <> 'prospect' then 1 else 0 end) as buyer_count,
        count(*) as customer_count,
        sum(order_count) as order_count,
        sum(revenue) as revenue

    from {{ ref('customer_360') }}

),

overlap as (

    select
        sum(customers) as buyer_count,
        sum(orders) as order_count

    from {{ ref('channel_overlap') }}
    where scope = 'bought'

)

select
    value_summed.*,
    customers.revenue as of_customers,
    overlap.buyer_count as of_overlap

from value_summed
cross join customers
cross join overlap
where
    coalesce(value_summed.customer_count, 0) <> coalesce(customers.customer_count, 0)
    or coalesce(value_summed.buyer_count, 0) <> coalesce(customers.buyer_count, 0)
    or coalesce(value_summed.order_count, 0) <> coalesce(customers.order_count, 0)
    or coalesce(value_summed.revenue, 0) <> coalesce(customers.revenue, 0)
    or coalesce(value_summed.buyer_count, 0) <> coalesce(overlap.buyer_count, 0)
    or coalesce(value_summed.order_count, 0) <> coalesce(overlap.order_count, 0)
