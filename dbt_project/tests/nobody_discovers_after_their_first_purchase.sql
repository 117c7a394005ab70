-- A row is a stay in discovery that begins or goes on after its customer first bought.
with

stays as (

    select * from {{ ref('customer_journey_stages') }}
    where stage = 'discovery'

),

first_purchases as (

    select
        customer_id,
        min(ordered_at) as first_ordered_at

    from {{ ref('orders') }}
    where customer_id is not null and is_revenue
    group by customer_id

)

select
    stays.customer_id,
    stays.stay_number,
    stays.entered_at,
    stays.left_at,
    first_purchases.first_ordered_at

from stays
inner join first_purchases
    on stays.customer_id = first_purchases.customer_id
where coalesce(stays.left_at, {{ as_of_end() }}) > first_purchases.first_ordered_at
