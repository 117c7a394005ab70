with

back_test as (

    select * from {{ ref('stg_value__back_test') }}

)

select
    decile,
    {{ add_days_to_date('counted_until', 1) }} as held_out_from,
    {{ as_of_date() }} as held_out_until,
    customer_count,
    predicted_orders,
    actual_orders,
    {{ share('predicted_orders', 'actual_orders') }} as orders_ratio,
    predicted_revenue,
    actual_revenue,
    {{ share('predicted_revenue', 'actual_revenue') }} as revenue_ratio

from back_test
