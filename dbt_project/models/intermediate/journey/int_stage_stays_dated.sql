with

signals as (

    select * from {{ ref('int_stage_signals_derived') }}

),

touchpoints as (

    select * from {{ ref('int_touches_sequenced') }}

),

signals_pivoted as (

    select
        customer_id,
        starts_at as changed_at,
        max(case when signal = 'active' then ends_at end) as active_until,
        max(case when signal = 'purchase' then ends_at end) as purchase_until,
        max(case when signal = 'post_purchase' then ends_at end) as post_purchase_until,
        max(case when signal = 'consideration' then ends_at end) as consideration_until,
        max(case when signal = 'loyalty' then ends_at end) as loyalty_until

    from signals
    group by customer_id, starts_at

),

known_at as (

    select
        customer_id,
        changed_at,
        lead(changed_at) over so_far as next_at,
        max(active_until) over so_far as active_until,
        max(purchase_until) over so_far as purchase_until,
        max(post_purchase_until) over so_far as post_purchase_until,
        max(consideration_until) over so_far as consideration_until,
        max(loyalty_until) over so_far as loyalty_until

    from signals_pivoted
    window so_far as (partition by customer_id order by changed_at)

),

-- A stage can only change when a signal begins or its timer runs out, and a timer that is renewed before does not.
instants as (

    select
        customer_id,
        changed_at,
        active_until,
        purchase_until,
        post_purchase_until,
        consideration_until,
        loyalty_until

    from known_at
    {% for signal in ['active', 'purchase', 'post_purchase', 'consideration', 'loyalty'] %}
    union all

    select
        customer_id,
        {{ signal }}_until as changed_at,
        active_until,
        purchase_until,
        post_purchase_until,
        consideration_until,
        loyalty_until

    from known_at
    where
        {{ signal }}_until > changed_at
        and {{ signal }}_until < coalesce(next_at, {{ as_of_end() }})
        and {{ signal }}_until < {{ as_of_end() }}
    {% endfor %}
),

staged as (

    select
        customer_id,
        changed_at,
        case
            when active_until <= changed_at then 'dormant'
            when purchase_until > changed_at then 'purchase'
            when post_purchase_until > changed_at then 'post_purchase'
            when consideration_until > changed_at then 'consideration'
            when loyalty_until > changed_at then 'loyalty'
            -- Whoever has bought once does not discover the retailer again.
            when purchase_until is not null then 'retention'
            else 'discovery'
        end as stage

    from instants

),

-- Two timers that run out together give one stage twice, so their order makes no difference.
compared as (

    select
        customer_id,
        changed_at,
        stage,
        lag(stage) over (partition by customer_id order by changed_at) as stage_before

    from staged

),

stays as (

    select
        customer_id,
        cast(row_number() over (partition by customer_id order by changed_at) as bigint) as stay_number,
        stage,
        stage_before,
        changed_at as entered_at,
        lead(changed_at) over (partition by customer_id order by changed_at) as left_at

    from compared
    where stage_before is null or stage_before <> stage

),

-- The touch that opened a stay, or, where a timer did, the last one before it.
touches_and_stays as (

    select
        customer_id,
        touched_at as happened_at,
        touch_number,
        cast(null as bigint) as stay_number

    from touchpoints

    union all

    select
        customer_id,
        entered_at as happened_at,
        cast(null as bigint) as touch_number,
        stay_number

    from stays

),

touches_before as (

    select
        customer_id,
        stay_number,
        max(touch_number) over (partition by customer_id order by happened_at) as touch_number

    from touches_and_stays

)

select
    stays.customer_id,
    stays.stay_number,
    stays.stage,
    stays.stage_before,
    stays.entered_at,
    stays.left_at,
    touchpoints.channel as entry_channel

from stays
left join touches_before
    on
        stays.customer_id = touches_before.customer_id
        and stays.stay_number = touches_before.stay_number
left join touchpoints
    on
        touches_before.customer_id = touchpoints.customer_id
        and touches_before.touch_number = touchpoints.touch_number
