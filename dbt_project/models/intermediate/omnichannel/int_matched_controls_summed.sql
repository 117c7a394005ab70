with

first_years as (

    select * from {{ ref('int_first_years_summed') }}

),

strata as (

    select
        first_side,
        cohort,
        first_year_orders,
        first_year_band,
        channel_profile = 'omnichannel' as is_omnichannel,
        count(*) as customer_count,
        cast(count(*) as int) as weight,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(order_count) as decimal(18, 2)) as order_count,
        cast(sum(lifetime_days) as decimal(18, 2)) as lifetime_days

    from first_years
    group by first_side, cohort, first_year_orders, first_year_band, channel_profile = 'omnichannel'

),

matched as (

    select
        omnichannel.customer_count,
        single.customer_count as control_count,
        omnichannel.net_amount,
        omnichannel.order_count,
        omnichannel.lifetime_days,
        -- What as many single-channel customers of the same stratum came to, to the hundredth.
        {{ divide_money('single.net_amount * omnichannel.weight', 'single.customer_count') }} as control_net_amount,
        {{ divide_money('single.order_count * omnichannel.weight', 'single.customer_count') }} as control_order_count,
        {{ divide_money('single.lifetime_days * omnichannel.weight', 'single.customer_count') }}
            as control_lifetime_days

    from strata as omnichannel
    inner join strata as single
        on
            omnichannel.first_side = single.first_side
            and omnichannel.cohort = single.cohort
            and omnichannel.first_year_orders = single.first_year_orders
            and omnichannel.first_year_band = single.first_year_band
            and omnichannel.is_omnichannel
            and not single.is_omnichannel

)

select
    cast(coalesce(sum(customer_count), 0) as bigint) as matched_customer_count,
    cast(coalesce(sum(control_count), 0) as bigint) as control_count,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount,
    cast(sum(order_count) as decimal(18, 2)) as order_count,
    cast(sum(lifetime_days) as decimal(18, 2)) as lifetime_days,
    cast(sum(control_net_amount) as decimal(18, 2)) as control_net_amount,
    cast(sum(control_order_count) as decimal(18, 2)) as control_order_count,
    cast(sum(control_lifetime_days) as decimal(18, 2)) as control_lifetime_days

from matched
