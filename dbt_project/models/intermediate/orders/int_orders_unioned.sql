{%- set amounts = [
    'gross_amount', 'discount_amount', 'shipping_amount', 'tax_amount', 'tip_amount', 'gift_card_amount', 'total_amount'
] -%}

with

web_orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

tickets as (

    select * from {{ ref('int_tickets_classified') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_found') }}

),

order_sessions as (

    select * from {{ ref('int_order_sessions_found') }}

),

transactions as (

    select * from {{ ref('int_transactions_attributed') }}

),

-- An order in a currency that nobody gave a rate for counts nowhere.
exchanged as (

    select
        web_orders.order_id,
        {%- for amount in amounts %}
        {{ exchange('web_orders.' ~ amount, 'exchange_rates.exchange_rate') }} as {{ amount }},
        {%- endfor %}
        coalesce(web_orders.currency, '{{ var("currency") }}') as original_currency,
        web_orders.total_amount as original_total_amount

    from web_orders
    left join exchange_rates
        on web_orders.order_id = exchange_rates.transaction_id
    where
        web_orders.ordered_at < {{ as_of_end() }}
        and (exchange_rates.transaction_id is null or exchange_rates.exchange_rate is not null)

),

unioned as (

    select
        web_orders.order_id,
        web_orders.source,
        web_orders.order_reference,
        web_orders.channel,
        web_orders.fulfilment,
        web_orders.status,
        cast(null as string) as store_id,
        web_orders.pickup_store_id,
        web_orders.sold_by_store_id,
        cast(null as string) as picked_up_order_id,
        web_orders.ordered_at,
        case when web_orders.fulfilled_at < {{ as_of_end() }} then web_orders.fulfilled_at end as fulfilled_at,
        exchanged.gross_amount,
        exchanged.discount_amount,
        exchanged.shipping_amount,
        exchanged.tax_amount,
        exchanged.tip_amount,
        exchanged.gift_card_amount,
        exchanged.total_amount,
        cast(
            exchanged.total_amount - coalesce(exchanged.tip_amount, 0) - coalesce(exchanged.gift_card_amount, 0)
            as decimal(18, 2)
        ) as revenue_amount,
        exchanged.original_currency,
        exchanged.original_total_amount,
        web_orders.coupon_code,
        cast(null as string) as payment_kind,
        order_sessions.session_id

    from web_orders
    inner join exchanged
        on web_orders.order_id = exchanged.order_id
    left join order_sessions
        on web_orders.order_id = order_sessions.order_id

    union all

    select
        ticket_id as order_id,
        source,
        ticket_reference as order_reference,
        'store' as channel,
        'store' as fulfilment,
        'sold' as status,
        store_id,
        cast(null as string) as pickup_store_id,
        cast(null as string) as sold_by_store_id,
        picked_up_order_id,
        sold_at as ordered_at,
        sold_at as fulfilled_at,
        gross_amount,
        discount_amount,
        cast(null as decimal(18, 2)) as shipping_amount,
        tax_amount,
        tip_amount,
        gift_card_amount,
        order_amount as total_amount,
        revenue_amount,
        original_currency,
        original_order_amount as original_total_amount,
        cast(null as string) as coupon_code,
        payment_kind,
        cast(null as string) as session_id

    from tickets
    where is_order

)

select
    unioned.*,
    transactions.is_guest,
    transactions.customer_id,
    transactions.record_id,
    transactions.attributed_by,
    unioned.status <> 'cancelled' as is_revenue

from unioned
left join transactions
    on unioned.order_id = transactions.transaction_id
