with

transitions as (

    select * from {{ ref('int_markov_transitions_counted') }}

),

visits as (

    select
        from_state,
        replace(to_state, 'visits of ', '') as visited_state,
        amount as visit_count

    from {{ ref('int_markov_power_512') }}
    where
        to_state like 'visits of %'
        and from_state not like 'visits of %'

),

orders as (

    select
        from_state as state,
        cast(probability as decimal(18, 15)) as probability

    from transitions
    where to_state = '(order)'

),

-- From a state the next step is an order with the same probability, wherever the path began.
ordered as (

    select
        visits.from_state,
        cast(sum(visits.visit_count * orders.probability) as decimal(18, 15)) as order_probability

    from visits
    inner join orders
        on visits.visited_state = orders.state
    group by visits.from_state

),

from_start as (

    select * from visits
    where from_state = '(start)' and visited_state <> '(start)'

),

measured as (

    select
        from_start.visited_state as removed_state,
        cast(from_start.visit_count as double) as visits_from_start,
        cast(repeats.visit_count as double) as visits_from_itself,
        cast(coalesce(ordered.order_probability, 0) as double) as probability_from_itself,
        cast(coalesce(of_all.order_probability, 0) as double) as probability_from_start

    from from_start
    inner join visits as repeats
        on
            from_start.visited_state = repeats.from_state
            and from_start.visited_state = repeats.visited_state
    left join ordered
        on from_start.visited_state = ordered.from_state
    left join ordered as of_all
        on from_start.from_state = of_all.from_state

)

select
    removed_state,
    probability_from_start as order_probability,
    -- Every path that reaches the state is lost. The probability of reaching it: visits of it from the start, over
    -- visits of it once there.
    (visits_from_start * probability_from_itself)
    / nullif(visits_from_itself * probability_from_start, 0) as removal_effect

from measured
