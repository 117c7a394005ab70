with

purchase_days as (

    select * from {{ ref('int_purchase_days_summed') }}

),

cutoffs as (

    select
        false as is_back_test,
        {{ as_of_date() }} as counted_until,
        cast(0 as bigint) as held_out_days

    union all

    select
        true as is_back_test,
        {{ as_of_date(days=var('value_held_out_days')) }} as counted_until,
        cast({{ var('value_held_out_days') }} as bigint) as held_out_days

),

first_days as (

    select
        customer_id,
        min(ordered_on) as first_ordered_on

    from purchase_days
    group by customer_id

),

-- What was not yet refunded on the day of counting counts in full: nobody knew.
summed_to_days as (

    select
        cutoffs.is_back_test,
        cutoffs.counted_until,
        cutoffs.held_out_days,
        purchase_days.customer_id,
        purchase_days.ordered_on,
        first_days.first_ordered_on,
        purchase_days.ordered_on > cutoffs.counted_until as is_held_out,
        sum(
            case
                when
                    purchase_days.ordered_on > cutoffs.counted_until
                    or purchase_days.counted_from <= cutoffs.counted_until
                    then purchase_days.amount
                else 0
            end
        ) as amount

    from purchase_days
    inner join first_days
        on purchase_days.customer_id = first_days.customer_id
    inner join cutoffs
        on first_days.first_ordered_on <= cutoffs.counted_until
    group by
        cutoffs.is_back_test,
        cutoffs.counted_until,
        cutoffs.held_out_days,
        purchase_days.customer_id,
        purchase_days.ordered_on,
        first_days.first_ordered_on

),

summed_to_customers as (

    select
        customer_id,
        is_back_test,
        counted_until,
        held_out_days,
        first_ordered_on,
        max(case when not is_held_out then ordered_on end) as last_ordered_on,
        sum(case when not is_held_out and ordered_on > first_ordered_on then 1 else 0 end) as repeat_count,
        sum(case when not is_held_out and ordered_on > first_ordered_on then amount else 0 end) as repeat_amount,
        sum(case when is_held_out then 1 else 0 end) as held_out_count,
        sum(case when is_held_out then amount else 0 end) as held_out_amount

    from summed_to_days
    group by customer_id, is_back_test, counted_until, held_out_days, first_ordered_on

)

select
    customer_id,
    is_back_test,
    counted_until,
    held_out_days,
    cast(repeat_count as bigint) as repeat_count,
    {{ days_between('first_ordered_on', 'last_ordered_on') }} as recency_days,
    {{ days_between('first_ordered_on', 'counted_until') }} as age_days,
    cast(repeat_amount as decimal(18, 2)) as repeat_amount,
    cast(held_out_count as bigint) as held_out_count,
    cast(held_out_amount as decimal(18, 2)) as held_out_amount

from summed_to_customers
