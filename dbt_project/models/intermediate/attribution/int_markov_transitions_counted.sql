{%- set window_seconds = (var('attribution_window_days') | int) * 86400 -%}

with

touches as (

    select * from {{ ref('int_marketing_touches_unioned') }}

),

order_paths as (

    select * from {{ ref('int_conversion_paths_matched') }}
    where markov_state is not null

),

touches_of_orders as (

    select distinct touch_id from order_paths

),

-- What led to no order. Where the window is still open, nobody knows yet.
touches_of_nothing as (

    select
        touches.touch_id,
        touches.markov_state,
        touches.touched_at,
        coalesce(touches.customer_id, touches.visitor_id, touches.touch_id) as person,
        {{ epoch_seconds('touches.touched_at') }} as touched_second

    from touches
    left join touches_of_orders
        on touches.touch_id = touches_of_orders.touch_id
    where
        touches_of_orders.touch_id is null
        and touches.touched_at < {{ as_of_end(days=var('attribution_window_days') | int) }}

),

gaps as (

    select
        *,
        case
            when
                touched_second
                - lag(touched_second) over (partition by person order by touched_at, touch_id) <= {{ window_seconds }}
                then 0
            else 1
        end as is_start

    from touches_of_nothing

),

lost_paths as (

    select
        *,
        sum(is_start) over (
            partition by person order by touched_at, touch_id
            rows between unbounded preceding and current row
        ) as path_number

    from gaps

),

steps as (

    select
        'order' as path_kind,
        order_id as path_id,
        cast(1 as bigint) as path_number,
        touch_number as step_number,
        markov_state

    from order_paths

    union all

    select
        'lost' as path_kind,
        person as path_id,
        cast(path_number as bigint) as path_number,
        row_number() over (partition by person, path_number order by touched_at, touch_id) as step_number,
        markov_state

    from lost_paths

),

-- A repeat of the same state is no transition: with or without it the chain is absorbed with the same probabilities.
steps_changed as (

    select
        *,
        lag(markov_state) over (partition by path_kind, path_id, path_number order by step_number) as state_before

    from steps

),

moves as (

    select
        path_kind,
        path_id,
        path_number,
        markov_state,
        state_before,
        lead(markov_state) over (partition by path_kind, path_id, path_number order by step_number) as state_after

    from steps_changed
    where state_before is null or state_before <> markov_state

),

transitions as (

    select
        '(start)' as from_state,
        markov_state as to_state

    from moves
    where state_before is null

    union all

    select
        markov_state as from_state,
        coalesce(state_after, case when path_kind = 'order' then '(order)' else '(lost)' end) as to_state

    from moves

),

counted as (

    select
        from_state,
        to_state,
        count(*) as transition_count

    from transitions
    group by from_state, to_state

)

select
    from_state,
    to_state,
    transition_count,
    -- In whole billionths: sums of decimals are the same in any order and on every engine.
    cast(
        {{ whole_quotient(
            'transition_count * cast(1000000000 as bigint)',
            'cast(sum(transition_count) over (partition by from_state) as bigint)'
        ) }} as decimal(18, 0)
    ) * cast(0.000000001 as decimal(9, 9)) as probability

from counted
