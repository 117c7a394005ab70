with

customers as (

    select * from {{ ref('int_customers_known') }}

),

records as (

    select * from {{ ref('int_records_identified') }}

),

golden_records as (

    select * from {{ ref('int_golden_records_chosen') }}

),

field_values as (

    select * from {{ ref('int_golden_values_listed') }}

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

points as (

    select * from {{ ref('int_loyalty_points_summed') }}

),

nps_scores as (

    select * from {{ ref('int_nps_scores_chosen') }}

),

interactions as (

    select * from {{ ref('int_interactions_attributed') }}

),

consents as (

    select * from {{ ref('int_consents_resolved') }}
    where recipient is null

),

frictions as (

    select * from {{ ref('int_frictions_unioned') }}
    where day > {{ as_of_date(days=var('service_window_days')) }}

),

rfm_scores as (

    select * from {{ ref('int_rfm_scored') }}
    where snapshot_on = {{ as_of_date() }}

),

rfm_stays as (

    select * from {{ ref('int_rfm_stays_dated') }}
    where left_on is null

),

lifecycle_stays as (

    select * from {{ ref('int_lifecycle_stays_dated') }}
    where left_on is null

),

journey_stays as (

    select * from {{ ref('int_stage_stays_dated') }}
    where left_at is null

),

customer_values as (

    select * from {{ ref('stg_value__customer_values') }}

),

next_best_products as (

    select * from {{ ref('int_next_best_products_explained') }}

),

personas as (

    select * from {{ ref('int_personas_assigned') }}

),

sources_counted as (

    select
        customer_id,
        count(distinct source) as source_count

    from records
    group by customer_id

),

golden as (

    select
        {%- for field in golden_fields() %}
        cast(
            max(case when field_values.field = '{{ field.name }}' then field_values.field_value end) as {{ field.type }}
        ) as {{ field.name }},
        {%- endfor %}
        golden_records.customer_id

    from golden_records
    inner join field_values
        on
            golden_records.record_id = field_values.record_id
            and golden_records.field_group = field_values.field_group
    group by golden_records.customer_id

),

service_contacts as (

    select
        customer_id,
        count(*) as service_contact_count

    from interactions
    where
        customer_id is not null
        and kind not in ('advice', 'appointment')
        and started_at >= {{ as_of_end(days=var('service_window_days')) }}
    group by customer_id

),

frictions_met as (

    select
        customer_id,
        count(distinct kind || ' ' || incident_id) as friction_count

    from frictions
    where customer_id is not null
    group by customer_id

),

next_best_listed as (

    select
        customer_id,
        concat_ws(
            ' | '
            {%- for place in range(1, (var('next_best_count') | int) + 1) %},
            max(case when place = {{ place }} then product_id end)
            {%- endfor %}
        ) as next_best_products,
        min(basis) as next_best_basis  -- Of the two, affinity comes first.

    from next_best_products
    group by customer_id

),

-- A channel is open only where every purpose asked about was granted: one refusal closes it.
consents_pivoted as (

    select
        customer_id,
        bool_and(case when channel = 'email' then status = 'granted' end) as email_consent,
        bool_and(case when channel = 'sms' then status = 'granted' end) as sms_consent,
        bool_and(case when channel = 'phone' then status = 'granted' end) as phone_consent,
        bool_and(case when channel = 'post' then status = 'granted' end) as post_consent

    from consents
    group by customer_id

)

select
    customers.customer_id,

    -- The contract puts them in their places.
    {%- for field in golden_fields() %}
    golden.{{ field.name }},
    {%- endfor %}

    customers.record_count,
    coalesce(sources_counted.source_count, 0) as source_count,
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

    coalesce(points.points_balance, 0) as points_balance,
    nps_scores.nps_score as last_nps_score,
    coalesce(service_contacts.service_contact_count, 0) as service_contact_count_90d,
    coalesce(frictions_met.friction_count, 0) as friction_count_90d,

    consents_pivoted.email_consent,
    consents_pivoted.sms_consent,
    consents_pivoted.phone_consent,
    consents_pivoted.post_consent,

    rfm_scores.rfm_recency,
    rfm_scores.rfm_frequency,
    rfm_scores.rfm_monetary,
    rfm_stays.segment as rfm_segment,
    lifecycle_stays.segment as lifecycle_segment,
    customer_values.alive_probability,
    customer_values.expected_orders_12m,
    customer_values.clv_12m,
    -- Without a model of the retailer's customers, by the days that a lifecycle segment counts.
    coalesce(
        purchases.order_count >= {{ var('leaving_orders') }}
        and case
            when customer_values.alive_probability is null then lifecycle_stays.segment = 'slipping'
            else
                customer_values.alive_probability < {{ var('leaving_below_probability') }}
                and {{ days_between(local_date('purchases.last_ordered_at'), as_of_date()) }}
                < {{ var('lapsed_after_days') }}
        end,
        false
    ) as is_about_to_leave,
    journey_stays.stage as journey_stage,
    journey_stays.entered_at as journey_stage_since,
    personas.persona,
    next_best_listed.next_best_products,
    next_best_listed.next_best_basis

from customers
left join golden
    on customers.customer_id = golden.customer_id
left join sources_counted
    on customers.customer_id = sources_counted.customer_id
left join customers_seen
    on customers.customer_id = customers_seen.customer_id
left join purchases
    on customers.customer_id = purchases.customer_id
left join favourites
    on customers.customer_id = favourites.customer_id
left join points
    on customers.customer_id = points.customer_id
left join nps_scores
    on customers.customer_id = nps_scores.customer_id
left join service_contacts
    on customers.customer_id = service_contacts.customer_id
left join frictions_met
    on customers.customer_id = frictions_met.customer_id
left join consents_pivoted
    on customers.customer_id = consents_pivoted.customer_id
left join rfm_scores
    on customers.customer_id = rfm_scores.customer_id
left join rfm_stays
    on customers.customer_id = rfm_stays.customer_id
left join lifecycle_stays
    on customers.customer_id = lifecycle_stays.customer_id
left join customer_values
    on customers.customer_id = customer_values.customer_id
left join journey_stays
    on customers.customer_id = journey_stays.customer_id
left join personas
    on customers.customer_id = personas.customer_id
left join next_best_listed
    on customers.customer_id = next_best_listed.customer_id
