with

customers as (

    select * from {{ ref('int_customers_known') }}

),

purchases as (

    select * from {{ ref('int_purchases_summed') }}

),

buyers as (

    select * from {{ ref('int_first_years_summed') }}

),

controls as (

    select * from {{ ref('int_matched_controls_summed') }}

),

profiled as (

    select
        coalesce(buyers.channel_profile, 'prospect') as channel_profile,
        coalesce(buyers.order_count, 0) as order_count,
        coalesce(buyers.ordered_amount, 0) as ordered_amount,
        coalesce(purchases.ordered_amount - purchases.refunded_amount, 0) as net_amount,
        buyers.lifetime_days

    from customers
    left join buyers
        on customers.customer_id = buyers.customer_id
    left join purchases
        on customers.customer_id = purchases.customer_id

),

summed as (

    select
        channel_profile,
        count(*) as customer_count,
        sum(order_count) as order_count,
        sum(ordered_amount) as ordered_amount,
        sum(net_amount) as net_amount,
        sum(lifetime_days) as lifetime_days

    from profiled
    group by channel_profile

),

single as (

    select
        sum(customer_count) as customer_count,
        sum(order_count) as order_count,
        sum(net_amount) as net_amount,
        sum(lifetime_days) as lifetime_days

    from summed
    where channel_profile in ('store_only', 'online_only')

),

compared as (

    select
        summed.channel_profile,
        summed.customer_count,
        summed.order_count,
        summed.ordered_amount,
        summed.net_amount,
        {{ share('summed.net_amount', 'summed.customer_count') }} as net_amount_each,
        {{ share('summed.order_count', 'summed.customer_count') }} as orders_each,
        {{ share('summed.lifetime_days', 'summed.customer_count') }} as lifetime_each,
        {{ share('single.net_amount', 'single.customer_count') }} as single_net_amount_each,
        {{ share('single.order_count', 'single.customer_count') }} as single_orders_each,
        {{ share('single.lifetime_days', 'single.customer_count') }} as single_lifetime_each

    from summed
    left join single
        on summed.channel_profile <> 'prospect'

)

select
    compared.channel_profile,
    compared.customer_count as customers,
    cast(compared.order_count as bigint) as orders,
    cast(compared.net_amount as decimal(18, 2)) as revenue,
    cast({{ divide_money('compared.net_amount', 'compared.customer_count') }} as decimal(18, 2))
        as revenue_per_customer,
    compared.orders_each as orders_per_customer,
    cast({{ divide_money('compared.ordered_amount', 'compared.order_count') }} as decimal(18, 2)) as average_basket,
    compared.lifetime_each as lifetime_days,
    '{{ var("currency") }}' as currency,
    {{ share('compared.net_amount_each', 'compared.single_net_amount_each') }} - 1 as revenue_lift,
    {{ share('compared.orders_each', 'compared.single_orders_each') }} - 1 as orders_lift,
    {{ share('compared.lifetime_each', 'compared.single_lifetime_each') }} - 1 as lifetime_lift,
    controls.matched_customer_count as matched_customers,
    {{ share('controls.matched_customer_count', 'compared.customer_count') }} as matched_share,
    controls.control_count as twins,
    {{ share('controls.net_amount', 'controls.control_net_amount') }} - 1 as matched_revenue_lift,
    {{ share('controls.order_count', 'controls.control_order_count') }} - 1 as matched_orders_lift,
    {{ share('controls.lifetime_days', 'controls.control_lifetime_days') }} - 1 as matched_lifetime_lift

from compared
left join controls
    on compared.channel_profile = 'omnichannel'
