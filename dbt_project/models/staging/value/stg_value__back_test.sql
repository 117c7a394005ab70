select
    decile,
    counted_until,
    held_out_days,
    customer_count,
    predicted_orders,
    actual_orders,
    predicted_revenue,
    actual_revenue

from {{ source('value', 'back_test') }}
