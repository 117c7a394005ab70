{{ config(materialized='view') }}

with

web_lines as (

    select * from {{ ref('stg_ecommerce__order_lines') }}

),

ticket_lines as (

    select * from {{ ref('stg_pos__ticket_lines') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_found') }}

),

unioned as (

    select
        order_id,
        source,
        line_no,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_amount

    from web_lines

    union all

    select
        ticket_id as order_id,
        source,
        line_no,
        product_id,
        quantity,
        unit_price,
        cast(null as decimal(18, 2)) as discount_amount,
        line_amount

    from ticket_lines
    where quantity >= 0

)

select
    unioned.order_id,
    unioned.source,
    unioned.line_no,
    unioned.product_id,
    unioned.quantity,
    {{ exchange('unioned.unit_price', 'exchange_rates.exchange_rate', decimals=4) }} as unit_price,
    {{ exchange('unioned.discount_amount', 'exchange_rates.exchange_rate') }} as discount_amount,
    {{ exchange('unioned.line_amount', 'exchange_rates.exchange_rate') }} as line_amount

from unioned
left join exchange_rates
    on unioned.order_id = exchange_rates.transaction_id
where exchange_rates.transaction_id is null or exchange_rates.exchange_rate is not null
