{%- set months = var('headline_months') | int -%}

with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

days as (

    select
        {{ local_date('ordered_at') }} as day,
        {{ month_number(local_date('ordered_at')) }} as month_number

    from orders
    group by {{ local_date('ordered_at') }}, {{ month_number(local_date('ordered_at')) }}

),

-- A date mistyped by years is followed by a long silence, and no history begins with it.
compared as (

    select
        day,
        month_number - lag(month_number) over (order by day) as months_silent

    from days

),

begun as (

    select max(day) as first_day
    from compared
    where months_silent is null or months_silent > {{ months }}

)

select
    first_day,
    case
        when extract(day from first_day) = 1 then {{ month_number('first_day') }}
        else {{ month_number('first_day') }} + 1
    end as first_whole_month

from begun
