{{ config(materialized='view') }}

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

-- The touch that opened a stay, or, where a timer did, the last one before it: touches have a number, stays have none,
-- and of one instant both stand together. All that is known of a stay goes along, which spares finding it again.
touches_and_stays as (

    select
        customer_id,
        touched_at as happened_at,
        touch_number,
        channel,
        cast(null as bigint) as stay_number,
        cast(null as string) as stage,
        cast(null as string) as stage_before,
        cast(null as timestamp) as left_at

    from touchpoints

    union all

    select
        customer_id,
        entered_at as happened_at,
        cast(null as bigint) as touch_number,
        cast(null as string) as channel,
        stay_number,
        stage,
        stage_before,
        left_at

    from stays

),

channels_known as (

    select
        customer_id,
        stay_number,
        stage,
        stage_before,
        happened_at as entered_at,
        left_at,
        {{ last_filled('channel') }} over (
            partition by customer_id order by happened_at asc, touch_number asc nulls last
            rows between unbounded preceding and current row
        ) as entry_channel

    from touches_and_stays

)

select
    customer_id,
    stay_number,
    stage,
    stage_before,
    entered_at,
    left_at,
    entry_channel

from channels_known
where stay_number is not null
