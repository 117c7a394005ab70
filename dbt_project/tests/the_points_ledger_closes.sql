-- A row is a card and month that does not close, does not open with what the month before closed, misses the month
-- before, does not split into its channels, or, on the last month, a card that closes with other points than all its
-- movements come to.
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

    from {{ source('crm', 'loyalty_movements') }}
    where occurred_at < {{ as_of_end() }}
    group by loyalty_card_id

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
