-- A row is a default headline that is not what customer_360, orders and returns say: customers and new customers of
-- each month; for the month of as_of, also who was active, came back and crossed channels, and what they brought.
{%- set in_window = "> " ~ month_number(as_of_date()) ~ " - " ~ var('headline_months') %}
with

headlines as (

    select
        headline,
        month,
        numerator,
        {{ month_number('month') }} as month_number

    from {{ ref('kpis') }}
    where identity_threshold = 'default'

),

months_listed as (

    select distinct month_number
    from headlines

),

customers as (

    select
        coalesce({{ month_number(local_date('first_seen_at')) }}, 0) as month_number,
        count(*) as customer_count

    from {{ ref('customer_360') }}
    group by coalesce({{ month_number(local_date('first_seen_at')) }}, 0)

),

orders as (

    select
        *,
        {{ month_number('ordered_on') }} as month_number

    from {{ ref('orders') }}
    where customer_id is not null and is_revenue

),

ordered as (

    select
        customer_id,
        count(*) as order_count,
        count(distinct case when channel = 'store' then 'store' else 'online' end) as side_count

    from orders
    where month_number {{ in_window }}
    group by customer_id

),

brought as (

    select revenue_amount as amount
    from orders
    where month_number {{ in_window }}

    union all

    select -refund_amount as amount
    from {{ ref('returns') }}
    where
        customer_id is not null
        and is_revenue
        and {{ month_number(local_date('returned_at')) }} {{ in_window }}

),

expected as (

    select
        'customers' as headline,
        months_listed.month_number,
        coalesce(sum(customers.customer_count), 0) as numerator

    from months_listed
    left join customers
        on months_listed.month_number >= customers.month_number
    group by months_listed.month_number

    union all

    select
        'new_customers' as headline,
        months_listed.month_number,
        count(orders.order_id) as numerator

    from months_listed
    left join orders
        on
            months_listed.month_number = orders.month_number
            and orders.customer_order_number = 1
    group by months_listed.month_number

    union all

    select
        'active_customers' as headline,
        {{ month_number(as_of_date()) }} as month_number,
        count(*) as numerator

    from ordered

    union all

    select
        'repeat_rate' as headline,
        {{ month_number(as_of_date()) }} as month_number,
        count(*) as numerator

    from ordered
    where order_count > 1

    union all

    select
        'omnichannel_share' as headline,
        {{ month_number(as_of_date()) }} as month_number,
        count(*) as numerator

    from ordered
    where side_count > 1

    union all

    select
        'revenue_per_active_customer' as headline,
        {{ month_number(as_of_date()) }} as month_number,
        coalesce(sum(amount), 0) as numerator

    from brought

)

select
    headlines.headline,
    headlines.month,
    headlines.numerator as told,
    expected.numerator as expected

from headlines
inner join expected
    on
        headlines.headline = expected.headline
        and headlines.month_number = expected.month_number
where coalesce(headlines.numerator, -1) <> expected.numerator
