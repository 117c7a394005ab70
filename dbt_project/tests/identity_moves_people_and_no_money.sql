-- A row is a threshold under which known customers have other orders or another revenue than today, or a headline that
-- cannot depend on who is who and does; or a share of customers of whom there are fewer.
with

person_months as (

    select * from {{ ref('int_person_months_summed') }}

),

headlines as (

    select * from {{ ref('kpis') }}

),

summed as (

    select
        identity_threshold,
        sum(order_count) as order_count,
        sum(net_amount) as net_amount

    from person_months
    group by identity_threshold

),

today as (

    select * from summed
    where identity_threshold = 'default'

),

headlines_today as (

    select * from headlines
    where identity_threshold = 'default'

)

select
    'orders and revenue' as headline,
    cast(null as date) as month,
    summed.identity_threshold

from summed
left join today
    on
        summed.order_count = today.order_count
        and summed.net_amount = today.net_amount
where today.identity_threshold is null

union all

select
    'orders and revenue' as headline,
    cast(null as date) as month,
    'missing' as identity_threshold

from summed
having count(*) not in (0, 3)

union all

select
    headlines.headline,
    headlines.month,
    headlines.identity_threshold

from headlines
inner join headlines_today
    on
        headlines.month = headlines_today.month
        and headlines.headline = headlines_today.headline
where
    (
        not headlines.depends_on_identity
        and (
            coalesce(headlines.value, -1) <> coalesce(headlines_today.value, -1)
            or coalesce(headlines.denominator, -1) <> coalesce(headlines_today.denominator, -1)
        )
    )
    or (
        (not headlines.depends_on_identity or headlines.headline = 'revenue_per_active_customer')
        and coalesce(headlines.numerator, -1) <> coalesce(headlines_today.numerator, -1)
    )

union all

select
    headline,
    month,
    identity_threshold

from headlines
where
    depends_on_identity
    and unit = 'share'
    and (numerator < 0 or numerator > denominator)
