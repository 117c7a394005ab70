with

orders as (

    select * from {{ ref('orders') }}
    where customer_id is not null and is_revenue

),

returns as (

    select * from {{ ref('returns') }}
    where customer_id is not null and is_revenue

),

customers as (

    select * from {{ ref('customer_360') }}

),

months as (

    select * from {{ ref('int_months_listed') }}

),

first_orders as (

    select
        customer_id,
        {{ month_start('min(ordered_on)') }} as cohort_month

    from orders
    group by customer_id

),

members as (

    select
        first_orders.customer_id,
        first_orders.cohort_month,
        customers.channel_profile

    from first_orders
    inner join customers
        on first_orders.customer_id = customers.customer_id

),

cohorts as (

    select
        cohort_month,
        channel_profile,
        count(*) as customers

    from members
    group by cohort_month, channel_profile

),

movements as (

    select
        customer_id,
        {{ month_start('ordered_on') }} as moved_in,
        1 as order_count,
        revenue_amount as amount

    from orders

    union all

    select
        customer_id,
        {{ month_start('returned_on') }} as moved_in,
        0 as order_count,
        -refund_amount as amount

    from returns

),

-- What is brought back from before the first order known counts in the month of that order.
placed as (

    select
        members.customer_id,
        members.cohort_month,
        members.channel_profile,
        greatest(movements.moved_in, members.cohort_month) as month,
        movements.order_count,
        movements.amount

    from movements
    inner join members
        on movements.customer_id = members.customer_id

),

summed as (

    select
        cohort_month,
        channel_profile,
        month,
        count(distinct case when order_count > 0 then customer_id end) as active_customers,
        sum(order_count) as order_count,
        sum(amount) as amount

    from placed
    group by cohort_month, channel_profile, month

),

every_month as (

    select
        cohorts.cohort_month,
        months.month,
        cohorts.channel_profile,
        cohorts.customers,
        coalesce(summed.active_customers, 0) as active_customers,
        coalesce(summed.order_count, 0) as order_count,
        coalesce(summed.amount, 0) as amount

    from cohorts
    inner join months
        on cohorts.cohort_month <= months.month
    left join summed
        on
            cohorts.cohort_month = summed.cohort_month
            and cohorts.channel_profile = summed.channel_profile
            and months.month = summed.month

),

accumulated as (

    select
        *,
        sum(order_count) over (
            partition by cohort_month, channel_profile order by month
            rows between unbounded preceding and current row
        ) as cumulative_orders,
        sum(amount) over (
            partition by cohort_month, channel_profile order by month
            rows between unbounded preceding and current row
        ) as cumulative_amount

    from every_month

)

select
    cohort_month,
    month,
    channel_profile,
    {{ months_between_dates('cohort_month', 'month') }} as months_since,
    customers,
    active_customers,
    case
        when {{ month_end('month') }} <= {{ as_of_date() }} then {{ share('active_customers', 'customers') }}
    end as retention_rate,
    cast(order_count as bigint) as orders,
    cast(amount as decimal(18, 2)) as revenue,
    cast(cumulative_orders as bigint) as cumulative_orders,
    cast(cumulative_amount as decimal(18, 2)) as cumulative_revenue,
    cast({{ divide_money('cumulative_amount', 'customers') }} as decimal(18, 2)) as cumulative_revenue_per_customer

from accumulated
