-- A row is a chain that still has paths on their way when it is no longer followed: the probability of an order is not
-- the share of the paths that ended in one.
with

transitions as (

    select * from {{ ref('int_markov_transitions_counted') }}

),

counted as (

    select
        sum(case when from_state = '(start)' then transition_count else 0 end) as path_count,
        sum(case when to_state = '(order)' then transition_count else 0 end) as order_count

    from transitions

),

measured as (

    select max(order_probability) as order_probability
    from {{ ref('int_removal_effects_measured') }}

)

select
    counted.path_count,
    counted.order_count,
    measured.order_probability

from counted
cross join measured
where
    counted.path_count > 0
    and abs(measured.order_probability - {{ share('counted.order_count', 'counted.path_count') }}) > 0.000001
