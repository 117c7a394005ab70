{%- set months = var('headline_months') | int -%}
{%- set states_told = ['known', 'new', 'active', 'repeat', 'omnichannel', 'active_before', 'retained'] -%}

with

days as (

    select * from {{ ref('int_days_listed') }}

),

states as (

    select * from {{ ref('int_person_states_dated') }}

),

person_months as (

    select * from {{ ref('int_person_months_summed') }}

),

satisfaction as (

    select * from {{ ref('satisfaction') }}

),

performance as (

    select * from {{ ref('channel_performance') }}

),

order_history as (

    select * from {{ ref('int_order_history_dated') }}

),

months_listed as (

    select
        {{ month_start('day') }} as month,
        {{ month_number('day') }} as month_number,
        max(day) as last_day

    from days
    group by {{ month_start('day') }}, {{ month_number('day') }}

),

first_month as (

    select min(month_number) as month_number
    from months_listed

),

slots as (

    select
        months_listed.month,
        months_listed.month_number,
        months_listed.last_day = {{ month_end('months_listed.month') }} as is_complete,
        listed.identity_threshold

    from months_listed
    cross join (values ('strict'), ('default'), ('loose')) as listed (identity_threshold)  -- noqa: AL05

),

-- Who is in a state in a month is who entered it up to then, less who left it.
changes as (

    select
        states.identity_threshold,
        states.person_state,
        -- What began before the first month, or at no known time, has begun by then.
        greatest(coalesce(states.from_month, first_month.month_number), first_month.month_number) as month_number,
        1 as change

    from states
    cross join first_month

    union all

    select
        states.identity_threshold,
        states.person_state,
        greatest(states.until_month, first_month.month_number) as month_number,
        -1 as change

    from states
    cross join first_month
    where states.until_month is not null

),

changes_pivoted as (

    select
        {%- for state in states_told %}
        sum(case when person_state = '{{ state }}' then change else 0 end) as {{ state }}_change,
        {%- endfor %}
        identity_threshold,
        month_number

    from changes
    group by identity_threshold, month_number

),

net_summed as (

    select
        identity_threshold,
        month_number,
        sum(net_amount) as net_amount

    from person_months
    group by identity_threshold, month_number

),

counted as (

    select
        slots.month,
        slots.month_number,
        slots.is_complete,
        slots.identity_threshold,
        {%- for state in states_told %}
        cast(
            sum(coalesce(changes_pivoted.{{ state }}_change, 0)) over (
                partition by slots.identity_threshold order by slots.month_number
                rows between unbounded preceding and current row
            ) as bigint
        ) as {{ state }}_count,
        {%- endfor %}
        sum(coalesce(net_summed.net_amount, 0)) over (
            partition by slots.identity_threshold order by slots.month_number
            rows between {{ months - 1 }} preceding and current row
        ) as net_amount

    from slots
    left join changes_pivoted
        on
            slots.identity_threshold = changes_pivoted.identity_threshold
            and slots.month_number = changes_pivoted.month_number
    left join net_summed
        on
            slots.identity_threshold = net_summed.identity_threshold
            and slots.month_number = net_summed.month_number

),

channels_summed as (

    select
        {{ month_number('day') }} as month_number,
        channel,
        sum(ordered_amount) as ordered_amount,
        sum(orders) as order_count,
        sum(visits) as visit_count,
        -- On a day without counted visits nobody is converted.
        sum(case when visits is not null then visitor_orders else 0 end) as visitor_order_count

    from performance
    group by {{ month_number('day') }}, channel

),

-- A channel that nobody counts the visits of converts nobody.
sold as (

    select
        month_number,
        sum(ordered_amount) as ordered_amount,
        cast(sum(order_count) as bigint) as order_count,
        sum(case when channel <> 'store' then visit_count end) as online_visit_count,
        sum(case when channel <> 'store' and visit_count is not null then visitor_order_count end)
            as online_order_count,
        sum(case when channel = 'store' then visit_count end) as store_visit_count,
        sum(case when channel = 'store' and visit_count is not null then visitor_order_count end)
            as store_order_count

    from channels_summed
    group by month_number

),

answers_summed as (

    select
        {{ month_number('month') }} as month_number,
        cast(sum(nps_answers) as bigint) as answer_count,
        cast(sum(promoters - detractors) as bigint) as nps_balance

    from satisfaction
    group by {{ month_number('month') }}

),

measured as (

    select
        counted.*,
        -- Whether the months that end with this one, and those before them, lie in what is known.
        coalesce(
            counted.is_complete and counted.month_number - {{ months - 1 }} >= order_history.first_whole_month, false
        ) as has_window,
        coalesce(
            counted.is_complete and counted.month_number - {{ 2 * months - 1 }} >= order_history.first_whole_month,
            false
        ) as has_two_windows,
        coalesce(sold.ordered_amount, 0) as ordered_amount,
        coalesce(sold.order_count, 0) as order_count,
        sold.online_visit_count,
        sold.online_order_count,
        sold.store_visit_count,
        sold.store_order_count,
        coalesce(answers_summed.answer_count, 0) as answer_count,
        coalesce(answers_summed.nps_balance, 0) as nps_balance

    from counted
    cross join order_history
    left join sold
        on counted.month_number = sold.month_number
    left join answers_summed
        on counted.month_number = answers_summed.month_number

),

headlines as (

    {%- set headlines = [
        ('customers', 'customers', true, 'known_count', none, none),
        ('active_customers', 'customers', true, 'active_count', none, 'has_window'),
        ('new_customers', 'customers', true, 'new_count', none, none),
        ('repeat_rate', 'share', true, 'repeat_count', 'active_count', 'has_window'),
        ('omnichannel_share', 'share', true, 'omnichannel_count', 'active_count', 'has_window'),
        ('conversion_online', 'share', false, 'online_order_count', 'online_visit_count', none),
        ('conversion_store', 'share', false, 'store_order_count', 'store_visit_count', none),
        ('average_basket', 'money', false, 'ordered_amount', 'order_count', none),
        ('retention_rate', 'share', true, 'retained_count', 'active_before_count', 'has_two_windows'),
        ('nps', 'points', false, 'nps_balance', 'answer_count', none),
        ('revenue_per_active_customer', 'money', true, 'net_amount', 'active_count', 'has_window'),
    ] %}
    {%- for headline, unit, depends_on_identity, numerator, denominator, window in headlines %}
    select
        month,
        '{{ headline }}' as headline,
        identity_threshold,
        {%- if unit == 'customers' %}
        cast({{ numerator }} as double) as value,
        {%- elif unit == 'share' %}
        case when {{ window or 'true' }} then {{ share(numerator, denominator) }} end as value,
        {%- elif unit == 'points' %}
        {{ share('100 * ' ~ numerator, denominator) }} as value,
        {%- else %}
        case when {{ window or 'true' }} then cast({{ divide_money(numerator, denominator) }} as double) end as value,
        {%- endif %}
        cast({{ numerator }} as decimal(18, 2)) as numerator,
        cast({{ denominator or 'null' }} as bigint) as denominator,
        '{{ var("currency") if unit == "money" else unit }}' as unit,
        {{ depends_on_identity | lower }} as depends_on_identity,
        is_complete,
        {{ window or 'true' }} as is_window_whole

    from measured
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select
    month,
    headline,
    identity_threshold,
    value,
    numerator,
    denominator,
    unit,
    depends_on_identity,
    is_complete,
    is_window_whole

from headlines
