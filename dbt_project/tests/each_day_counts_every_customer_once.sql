-- A row is a day on which the stages do not hold every customer touched so far once, or a stage of the last day that
-- does not hold those whose stay in it lasts.
with

daily as (

    select * from {{ ref('journey_stage_daily') }}

),

stays as (

    select
        customer_id,
        stage,
        stay_number,
        left_at,
        {{ local_date('entered_at') }} as entered_on

    from {{ ref('customer_journey_stages') }}

),

in_stages as (

    select
        day,
        sum(customers) as customer_count,
        min(customers) as smallest

    from daily
    group by day

),

newcomers as (

    select
        entered_on,
        count(*) as customer_count

    from stays
    where stay_number = 1
    group by entered_on

),

known as (

    select
        in_stages.day,
        sum(newcomers.customer_count) as customer_count

    from in_stages
    left join newcomers
        on in_stages.day >= newcomers.entered_on
    group by in_stages.day

),

last_day as (

    select * from daily
    where day = {{ as_of_date() }}

),

lasting as (

    select
        stage,
        count(*) as customer_count

    from stays
    where left_at is null
    group by stage

)

select
    in_stages.day,
    cast(null as string) as stage,
    in_stages.customer_count as counted,
    known.customer_count as expected

from in_stages
inner join known
    on in_stages.day = known.day
where
    in_stages.customer_count <> coalesce(known.customer_count, 0)
    or in_stages.smallest < 0

union all

select
    last_day.day,
    coalesce(last_day.stage, lasting.stage) as stage,
    last_day.customers as counted,
    lasting.customer_count as expected

from last_day
full outer join lasting
    on last_day.stage = lasting.stage
where coalesce(last_day.customers, 0) <> coalesce(lasting.customer_count, 0)
