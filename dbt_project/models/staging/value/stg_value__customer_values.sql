select
    customer_id,
    alive_probability,
    expected_orders_12m,
    expected_order_value,
    clv_12m

from {{ source('value', 'customer_values') }}
