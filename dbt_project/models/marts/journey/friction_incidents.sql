with

frictions as (

    select * from {{ ref('int_frictions_unioned') }}

)

select
    kind,
    incident_id,
    day,
    channel,
    store_id,
    product_id,
    customer_id,
    outcome,
    order_id,
    quantity,
    revenue_at_risk,
    '{{ var("currency") }}' as currency

from frictions
