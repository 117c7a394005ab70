with

digits as (

    select digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as listed (digit)  -- noqa: AL05

),

numbers as (

    select
        ones.digit
        + 10 * tens.digit
        + 100 * hundreds.digit
        + 1000 * thousands.digit
        + 10000 * ten_thousands.digit as days_ago

    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands

),

stays as (

    select * from {{ ref('customer_journey_stages') }}

),

visitors as (

    select * from {{ ref('int_visitors_counted') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

first_days as (

    select min({{ local_date('entered_at') }}) as first_day
    from stays

    union all

    select min(day) as first_day
    from visitors

    union all

    select min({{ local_date('ordered_at') }}) as first_day
    from orders

),

first_of_all as (

    select min(first_day) as first_day
    from first_days

)

select {{ days_after(as_of_date(), '-numbers.days_ago') }} as day

from numbers
inner join first_of_all
    on numbers.days_ago <= {{ days_between('first_of_all.first_day', as_of_date()) }}
