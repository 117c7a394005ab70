with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

touches as (

    select * from {{ ref('int_touches_sequenced') }}

),

store_visits as (

    select
        customer_id,
        touched_at as visited_at

    from touches
    where
        channel in ('store', 'store_appointment')
        and is_real_touch
        and touch_kind <> 'survey_answer'  -- Given from home, about a store.

)

select
    orders.order_id,
    orders.customer_id,
    max(store_visits.visited_at) as last_visited_at

from orders
inner join store_visits
    on
        orders.customer_id = store_visits.customer_id
        and orders.ordered_at > store_visits.visited_at
        and orders.ordered_at <= {{ add_days('store_visits.visited_at', var('store_to_web_days')) }}
where
    orders.channel <> 'store'
    and orders.sold_by_store_id is null
    and orders.is_revenue
group by orders.order_id, orders.customer_id
