with

signals as (

    select * from {{ ref('int_stage_signals_derived') }}

),

touchpoints as (

    select * from {{ ref('int_touches_sequenced') }}

),

-- A stage can only change when something happens or a timer runs out.
instants as (

    select
        customer_id,
        starts_at as changed_at

    from signals

    union distinct

    select
        customer_id,
        ends_at as changed_at

    from signals
    where ends_at < {{ as_of_end() }}

),

signals_pivoted as (

    select
        customer_id,
        starts_at,
        max(case when signal = 'active' then ends_at end) as active_until,
        max(case when signal = 'purchase' then ends_at end) as purchase_until,
        max(case when signal = 'post_purchase' then ends_at end) as post_purchase_until,
        max(case when signal = 'consideration' then ends_at end) as consideration_until,
        max(case when signal = 'loyalty' then ends_at end) as loyalty_until

    from signals
    group by customer_id, starts_at

),

last_touches as (

    select
        customer_id,
        touched_at,
        max(touch_number) as touch_number

    from touchpoints
    group by customer_id, touched_at

),

known_at as (

    select
        instants.customer_id,
        instants.changed_at,
        max(signals_pivoted.active_until) over so_far as active_until,
        max(signals_pivoted.purchase_until) over so_far as purchase_until,
        max(signals_pivoted.post_purchase_until) over so_far as post_purchase_until,
        max(signals_pivoted.consideration_until) over so_far as consideration_until,
        max(signals_pivoted.loyalty_until) over so_far as loyalty_until

    from instants
    left join signals_pivoted
        on
            instants.customer_id = signals_pivoted.customer_id
            and instants.changed_at = signals_pivoted.starts_at
    window so_far as (partition by instants.customer_id order by instants.changed_at)

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

    from known_at

),

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
touches_before as (

    select
        stays.customer_id,
        stays.stay_number,
        max(last_touches.touch_number) as touch_number

    from stays
    inner join last_touches
        on
            stays.customer_id = last_touches.customer_id
            and stays.entered_at >= last_touches.touched_at
    group by stays.customer_id, stays.stay_number

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
