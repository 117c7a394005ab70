{#- A century and more: whatever dates the retailer declares as plausible, their months are there. -#}
{%- set months_back = 1800 -%}

with

digits as (

    select digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as listed (digit)  -- noqa: AL05

),

numbers as (

    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as months_ago

    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands

),

numbered as (

    select
        months_ago,
        {{ month_number(as_of_date()) }} - months_ago as month_number

    from numbers
    where months_ago < {{ months_back }}

)

select
    cast(months_ago as bigint) as months_ago,
    make_date(
        cast({{ whole_quotient('month_number', '12') }} as int), cast(month_number % 12 + 1 as int), 1
    ) as month

from numbered
