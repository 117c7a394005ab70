-- A row is a card and month that does not close, does not open with what the month before closed, misses the month
-- before, does not split into its channels, or, on the last month, a card that closes with other points than all its
-- movements come to; a row without either, that the extract has other movements than the ledger has booked.
with

ledger as (

    select
        *,
        lag(closing) over (partition by loyalty_card_id order by month) as closing_before,
        lag(month) over (partition by loyalty_card_id order by month) as month_before,
        lead(month) over (partition by loyalty_card_id order by month) as month_after

    from {{ ref('loyalty_ledger') }}

),

moved as (

    select
        loyalty_card_id,
        sum(points) as points

    from {{ ref('int_loyalty_movements_identified') }}
    group by loyalty_card_id

),

extracted as (

    select
        count(*) as movement_count,
        coalesce(sum(points), 0) as points

    from {{ source('crm', 'loyalty_movements') }}
    where occurred_at < {{ as_of_end() }}

),

booked as (

    select
        coalesce(sum(movement_count), 0) as movement_count,
        coalesce(sum(earned + spent + expired + adjusted), 0) as points

    from ledger

),

last_months as (

    select
        loyalty_card_id,
        month,
        closing

    from ledger
    where month_after is null

)

select
    loyalty_card_id,
    month

from ledger
where
    opening + earned + spent + expired + adjusted <> closing
    or opening <> coalesce(closing_before, 0)
    or {{ months_between_dates('month_before', 'month') }} <> 1
    or earned <> earned_store + earned_web + earned_app + earned_service
    or spent <> spent_store + spent_web + spent_app + spent_service
    or expired <> expired_store + expired_web + expired_app + expired_service
    or adjusted <> adjusted_store + adjusted_web + adjusted_app + adjusted_service

union all

select
    cast(null as string) as loyalty_card_id,
    cast(null as date) as month

from extracted
cross join booked
where
    extracted.movement_count <> booked.movement_count
    or extracted.points <> booked.points

union all

select
    coalesce(moved.loyalty_card_id, last_months.loyalty_card_id) as loyalty_card_id,
    last_months.month

from moved
full outer join last_months
    on moved.loyalty_card_id = last_months.loyalty_card_id
where
    moved.points is null
    or last_months.closing is null
    or moved.points <> last_months.closing
    or last_months.month <> {{ month_start(as_of_date()) }}
