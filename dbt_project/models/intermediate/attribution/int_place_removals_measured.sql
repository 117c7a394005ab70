with

transitions as (

    select * from {{ ref('int_place_transitions_counted') }}

),

visits as (

    select
        from_place,
        replace(to_place, 'visits of ', '') as visited_place,
        amount as visit_count

    from {{ ref('int_place_visits_followed_512') }}
    where
        to_place like 'visits of %'
        and from_place not like 'visits of %'

),

orders as (

    select
        from_place as place,
        cast(probability as decimal(18, 15)) as probability

    from transitions
    where to_place = '(order)'

),

-- Each visit of a place is followed at once by an order with the same probability, wherever the path began.
ordered as (

    select
        visits.from_place,
        cast(sum(visits.visit_count * orders.probability) as decimal(18, 15)) as order_probability

    from visits
    inner join orders
        on visits.visited_place = orders.place
    group by visits.from_place

),

from_start as (

    select * from visits
    where from_place = '(start)' and visited_place <> '(start)'

),

measured as (

    select
        from_start.visited_place as removed_place,
        cast(from_start.visit_count as double) as visits_from_start,
        cast(repeats.visit_count as double) as visits_from_itself,
        cast(coalesce(ordered.order_probability, 0) as double) as probability_from_itself,
        cast(coalesce(of_all.order_probability, 0) as double) as probability_from_start

    from from_start
    inner join visits as repeats
        on
            from_start.visited_place = repeats.from_place
            and from_start.visited_place = repeats.visited_place
    left join ordered
        on from_start.visited_place = ordered.from_place
    left join ordered as of_all
        on from_start.from_place = of_all.from_place

)

select
    removed_place,
    probability_from_start as order_probability,
    -- Whoever ever comes to the place is lost: as many as visits from the start per visits once there.
    (visits_from_start * probability_from_itself)
    / nullif(visits_from_itself * probability_from_start, 0) as removal_effect

from measured
