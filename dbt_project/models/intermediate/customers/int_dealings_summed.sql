with

customers as (

    select * from {{ ref('int_customers_known') }}

),

records as (

    select * from {{ ref('int_records_identified') }}

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

    select * from {{ ref('friction_incidents') }}
    where day > {{ as_of_date(days=var('service_window_days')) }}

),

sources_counted as (

    select
        customer_id,
        count(distinct source) as source_count

    from records
    group by customer_id

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
    coalesce(sources_counted.source_count, 0) as source_count,
    coalesce(points.points_balance, 0) as points_balance,
    nps_scores.nps_score as last_nps_score,
    coalesce(service_contacts.service_contact_count, 0) as service_contact_count_90d,
    coalesce(frictions_met.friction_count, 0) as friction_count_90d,
    consents_pivoted.email_consent,
    consents_pivoted.sms_consent,
    consents_pivoted.phone_consent,
    consents_pivoted.post_consent

from customers
left join sources_counted
    on customers.customer_id = sources_counted.customer_id
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
