with

returns as (

    select * from {{ ref('int_returns_unioned') }}

)

select
    return_id,
    source,
    customer_id,
    order_id,
    order_channel,
    booked_channel,
    ticket_id,
    line_no,
    product_id,
    cast(quantity as decimal(18, 3)) as quantity,
    refund_amount,
    is_revenue,
    reason,
    returned_at,
    {{ local_date('returned_at') }} as returned_on,
    returned_via,
    store_id,
    order_channel is not null and (order_channel = 'store') <> (returned_via = 'store') as is_across_channels

from returns
