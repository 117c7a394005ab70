with

customers as (

    select * from {{ ref('int_customers_known') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}
    where customer_id is not null and is_revenue

),

purchase_days as (

    select * from {{ ref('int_purchase_days_summed') }}

),

sessions as (

    select * from {{ ref('int_sessions_attributed') }}
    where customer_id is not null

),

dated_orders as (

    select
        customer_id,
        channel = 'store' as is_store,
        coalesce(discount_amount, 0) > 0 or coupon_code is not null as is_discounted,
        {{ local_date('ordered_at') }} as ordered_on

    from orders

),

first_orders as (

    select
        customer_id,
        min(ordered_on) as first_ordered_on

    from dated_orders
    group by customer_id

),

ordered as (

    select
        customer_id,
        count(*) as order_count,
        sum(case when is_store then 1 else 0 end) as store_count,
        sum(case when is_discounted then 1 else 0 end) as discounted_count

    from dated_orders
    where
        ordered_on > {{ closed_month_end(months=var('persona_window_months') | int) }}
        and ordered_on <= {{ closed_month_end() }}
    group by customer_id

),

spent as (

    select
        customer_id,
        sum(case when amount > 0 then amount else 0 end) as ordered_amount,
        sum(case when amount < 0 then -amount else 0 end) as refunded_amount

    from purchase_days
    where
        ordered_on > {{ closed_month_end(months=var('persona_window_months') | int) }}
        and counted_from <= {{ closed_month_end() }}
    group by customer_id

),

visits as (

    select
        customer_id,
        count(*) as visit_count

    from sessions
    where
        {{ local_date('started_at') }} > {{ closed_month_end(months=var('persona_window_months') | int) }}
        and {{ local_date('started_at') }} <= {{ closed_month_end() }}
    group by customer_id

),

measured as (

    select
        customers.customer_id,
        coalesce(ordered.order_count, 0) as order_count,
        coalesce(ordered.order_count, 0) >= {{ var('persona_regular_orders') }} as is_regular,
        {{ share('ordered.store_count', 'ordered.order_count') }} as store_share,
        {{ share('ordered.discounted_count', 'ordered.order_count') }} as discount_share,
        {{ share('spent.refunded_amount', 'spent.ordered_amount') }} as return_share,
        coalesce(visits.visit_count, 0) as visit_count,
        coalesce(
            first_orders.first_ordered_on > {{ closed_month_end(months=var('persona_newcomer_months') | int) }}, false
        ) as is_new

    from customers
    left join ordered
        on customers.customer_id = ordered.customer_id
    left join spent
        on customers.customer_id = spent.customer_id
    left join visits
        on customers.customer_id = visits.customer_id
    left join first_orders
        on customers.customer_id = first_orders.customer_id

)

-- In the order of precedence of the seed persona_rules.
select
    customer_id,
    {{ closed_month_end() }} as counted_until,
    case
        when is_regular and return_share >= {{ var('persona_return_share') }} then 'returner'
        when is_regular and discount_share >= {{ var('persona_discount_share') }} then 'bargain_hunter'
        when
            is_regular
            and store_share >= {{ var('persona_other_channel_share') }}
            and 1 - store_share >= {{ var('persona_other_channel_share') }}
            then 'omnichannel_regular'
        when is_regular and store_share >= 0.5 then 'store_regular'
        when is_regular then 'online_regular'
        when is_new then 'newcomer'
        when order_count > 0 then 'occasional_buyer'
        when visit_count >= {{ var('persona_browser_visits') }} then 'browser'
        else 'quiet_contact'
    end as persona,
    order_count,
    store_share,
    discount_share,
    return_share,
    visit_count

from measured
