with

stays as (

    select * from {{ ref('customer_journey_stages') }}

),

visitors as (

    select * from {{ ref('int_visitors_counted') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

days as (

    select * from {{ ref('int_days_listed') }}

),

stages as (

    select stage
    from (
        values
        ('discovery'),
        ('consideration'),
        ('purchase'),
        ('post_purchase'),
        ('retention'),
        ('loyalty'),
        ('dormant')
    ) as listed (stage)  -- noqa: AL05

),

moves as (

    select
        {{ local_date('entered_at') }} as day,
        stage,
        1 as entered,
        0 as gone

    from stays

    union all

    select
        {{ local_date('left_at') }} as day,
        stage,
        0 as entered,
        1 as gone

    from stays
    where left_at is not null

),

moved as (

    select
        day,
        stage,
        sum(entered) as entered,
        sum(gone) as gone

    from moves
    group by day, stage

),

ordered_by_nobody as (

    select
        {{ local_date('ordered_at') }} as day,
        'purchase' as stage,
        count(*) as order_count

    from orders
    where customer_id is null and is_revenue
    group by {{ local_date('ordered_at') }}

),

counted as (

    select
        days.day,
        stages.stage,
        coalesce(moved.entered, 0) as entered,
        coalesce(moved.gone, 0) as gone,
        coalesce(visitors.known_visitor_count, 0) as known_visitor_count,
        coalesce(visitors.anonymous_visitor_count, 0) as anonymous_visitor_count,
        coalesce(ordered_by_nobody.order_count, 0) as anonymous_order_count

    from days
    cross join stages
    left join moved
        on
            days.day = moved.day
            and stages.stage = moved.stage
    left join visitors
        on
            days.day = visitors.day
            and stages.stage = visitors.stage
    left join ordered_by_nobody
        on
            days.day = ordered_by_nobody.day
            and stages.stage = ordered_by_nobody.stage

)

select
    day,
    stage,
    -- Who came so far and has not left: who is in it when the day ends.
    cast(sum(entered - gone) over (partition by stage order by day rows unbounded preceding) as bigint) as customers,
    cast(entered as bigint) as customers_entered,
    cast(gone as bigint) as customers_left,
    known_visitor_count as known_visitors,
    anonymous_visitor_count as anonymous_visitors,
    anonymous_order_count as anonymous_orders

from counted
