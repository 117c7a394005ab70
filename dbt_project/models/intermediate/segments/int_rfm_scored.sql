{%- set months_kept = (var('rfm_history_months') | int) + (var('rfm_window_months') | int) -%}

with

customer_months as (

    select * from {{ ref('int_customer_months_summed') }}

),

snapshots as (

    select
        cast(months_ago as int) as months_ago,
        cast(snapshot_on as date) as snapshot_on

    from (
        values
        (0, '{{ as_of_day() }}')
        {%- for months_ago in range(1, months_kept + 1) %},
        ({{ months_ago }}, '{{ month_end_before_as_of(months_ago) }}')
        {%- endfor %}
    ) as listed (months_ago, snapshot_on)  -- noqa: AL05

),

first_months as (

    select
        customer_id,
        max(months_ago) as first_months_ago

    from customer_months
    where order_count > 0
    group by customer_id

),

-- A month without an order counts too, so each customer has every month since the first order.
every_month as (

    select
        first_months.customer_id,
        snapshots.months_ago,
        snapshots.snapshot_on,
        coalesce(customer_months.order_count, 0) as order_count,
        coalesce(customer_months.net_amount, 0) as net_amount,
        customer_months.last_ordered_on

    from first_months
    inner join snapshots
        on first_months.first_months_ago >= snapshots.months_ago
    left join customer_months
        on
            first_months.customer_id = customer_months.customer_id
            and snapshots.months_ago = customer_months.months_ago

),

measured as (

    select
        customer_id,
        months_ago,
        snapshot_on,
        max(last_ordered_on) over (
            partition by customer_id order by months_ago desc
            rows between unbounded preceding and current row
        ) as last_ordered_on,
        sum(order_count) over (
            partition by customer_id order by months_ago desc
            rows between {{ (var('rfm_window_months') | int) - 1 }} preceding and current row
        ) as order_count,
        sum(net_amount) over (
            partition by customer_id order by months_ago desc
            rows between {{ (var('rfm_window_months') | int) - 1 }} preceding and current row
        ) as net_amount

    from every_month

),

-- The share of customers one is ahead of; equals share a score.
ranked as (

    select
        customer_id,
        snapshot_on,
        last_ordered_on,
        order_count,
        net_amount,
        percent_rank() over (partition by snapshot_on order by last_ordered_on) as recency_rank,
        percent_rank() over (partition by snapshot_on order by order_count) as frequency_rank,
        percent_rank() over (partition by snapshot_on order by net_amount) as monetary_rank

    from measured
    where months_ago <= {{ var('rfm_history_months') }}

),

scored as (

    select
        customer_id,
        snapshot_on,
        last_ordered_on,
        order_count,
        net_amount,
        least(5, 1 + cast(floor(5 * recency_rank) as int)) as rfm_recency,
        least(5, 1 + cast(floor(5 * frequency_rank) as int)) as rfm_frequency,
        least(5, 1 + cast(floor(5 * monetary_rank) as int)) as rfm_monetary

    from ranked

)

select
    customer_id,
    snapshot_on,
    last_ordered_on,
    cast(order_count as bigint) as order_count,
    cast(net_amount as decimal(18, 2)) as net_amount,
    rfm_recency,
    rfm_frequency,
    rfm_monetary,
    cast(floor((rfm_frequency + rfm_monetary + 1) / 2.0) as int) as frequency_monetary

from scored
