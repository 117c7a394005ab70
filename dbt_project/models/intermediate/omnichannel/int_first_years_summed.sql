{%- set most_orders = var('first_year_orders_max') | int -%}
with

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where customer_id is not null and is_revenue

),

purchases as (

    select * from {{ ref('int_purchases_summed') }}
    where order_count > 0

),

numbered as (

    select
        *,
        row_number() over (partition by customer_id order by ordered_at, order_id) as place,
        min(ordered_at) over (partition by customer_id) as first_ordered_at

    from orders

),

first_years as (

    select
        customer_id,
        max(case when place = 1 then case when channel = 'store' then 'store' else 'online' end end) as first_side,
        count(*) as order_count,
        sum(revenue_amount) as ordered_amount

    from numbered
    where ordered_at < {{ add_days('first_ordered_at', 365) }}
    group by customer_id

),

dated as (

    select
        *,
        {{ local_date('first_ordered_at') }} as first_ordered_on,
        {{ local_date('last_ordered_at') }} as last_ordered_on

    from purchases

)

select
    dated.customer_id,
    case
        when dated.online_order_count = 0 then 'store_only'
        when dated.store_order_count = 0 then 'online_only'
        else 'omnichannel'
    end as channel_profile,
    dated.order_count,
    dated.ordered_amount,
    cast(dated.ordered_amount - dated.refunded_amount as decimal(18, 2)) as net_amount,
    {{ days_between('dated.first_ordered_on', 'dated.last_ordered_on') }} as lifetime_days,
    first_years.first_side,
    cast(
        floor(
            (extract(year from dated.first_ordered_on) * 12 + extract(month from dated.first_ordered_on) - 1)
            / {{ var('first_year_cohort_months') }}
        ) as bigint
    ) as cohort,
    cast(least(first_years.order_count, {{ most_orders }}) as bigint) as first_year_orders,
    {%- for from_amount in var('first_year_bands') %}
    case when first_years.ordered_amount >= {{ from_amount }} then 1 else 0 end
    {%- if not loop.last %} +{% else %} as first_year_band{% endif %}
    {%- endfor %}

from dated
inner join first_years
    on dated.customer_id = first_years.customer_id
