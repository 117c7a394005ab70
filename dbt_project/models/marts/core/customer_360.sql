-- In parts that are tables of their own: the rows of every table that one query joins stay in memory together.
with

customers as (

    select * from {{ ref('int_customers_known') }}

),

golden as (

    select * from {{ ref('int_golden_fields_pivoted') }}

),

customers_seen as (

    select * from {{ ref('int_customers_seen') }}

),

purchases as (

    select * from {{ ref('int_purchases_summed') }}

),

favourites as (

    select * from {{ ref('int_favourites_chosen') }}

),

dealings as (

    select * from {{ ref('int_dealings_summed') }}

),

standings as (

    select * from {{ ref('int_standings_gathered') }}

)

select
    customers.customer_id,

    -- The contract puts them in their places.
    {%- for field in golden_fields() %}
    golden.{{ field.name }},
    {%- endfor %}

    customers.record_count,
    dealings.source_count,
    customers.identity_confidence,
    customers_seen.first_seen_at,
    customers_seen.last_seen_at,

    case
        when coalesce(purchases.order_count, 0) = 0 then 'prospect'
        when purchases.online_order_count = 0 then 'store_only'
        when purchases.store_order_count = 0 then 'online_only'
        else 'omnichannel'
    end as channel_profile,
    coalesce(purchases.order_count, 0) as order_count,
    coalesce(purchases.store_order_count, 0) as store_order_count,
    coalesce(purchases.online_order_count, 0) as online_order_count,
    cast(coalesce(purchases.ordered_amount - purchases.refunded_amount, 0) as decimal(18, 2)) as revenue,
    cast(coalesce(purchases.ordered_amount_12m - purchases.refunded_amount_12m, 0) as decimal(18, 2)) as revenue_12m,
    cast({{ divide_money('purchases.ordered_amount', 'purchases.order_count') }} as decimal(18, 2)) as average_basket,
    purchases.first_ordered_at,
    purchases.last_ordered_at,
    {{ days_between(local_date('purchases.last_ordered_at'), as_of_date()) }} as recency_days,
    {{ days_between(local_date('customers_seen.first_seen_at'), as_of_date()) }} as tenure_days,
    {{ share('purchases.returned_units', 'purchases.ordered_units') }} as return_rate,
    favourites.favourite_store_id,
    favourites.favourite_category,
    favourites.favourite_channel,

    dealings.points_balance,
    dealings.last_nps_score,
    dealings.service_contact_count_90d,
    dealings.friction_count_90d,
    dealings.email_consent,
    dealings.sms_consent,
    dealings.phone_consent,
    dealings.post_consent,

    standings.rfm_recency,
    standings.rfm_frequency,
    standings.rfm_monetary,
    standings.rfm_segment,
    standings.lifecycle_segment,
    standings.alive_probability,
    standings.expected_orders_12m,
    standings.clv_12m,
    -- Without a model of the retailer's customers, by the days that a lifecycle segment counts.
    coalesce(
        purchases.order_count >= {{ var('leaving_orders') }}
        and case
            when standings.alive_probability is null then standings.lifecycle_segment = 'slipping'
            else
                standings.alive_probability < {{ var('leaving_below_probability') }}
                and {{ days_between(local_date('purchases.last_ordered_at'), as_of_date()) }}
                < {{ var('lapsed_after_days') }}
        end,
        false
    ) as is_about_to_leave,
    standings.journey_stage,
    standings.journey_stage_since,
    standings.persona,
    standings.next_best_products,
    standings.next_best_basis

from customers
left join golden
    on customers.customer_id = golden.customer_id
left join customers_seen
    on customers.customer_id = customers_seen.customer_id
left join purchases
    on customers.customer_id = purchases.customer_id
left join favourites
    on customers.customer_id = favourites.customer_id
left join dealings
    on customers.customer_id = dealings.customer_id
left join standings
    on customers.customer_id = standings.customer_id
