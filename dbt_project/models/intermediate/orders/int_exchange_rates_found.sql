with

orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

tickets as (

    select * from {{ ref('stg_pos__tickets') }}

),

unioned as (

    select
        order_id as transaction_id,
        currency,
        {{ local_date('ordered_at') }} as day

    from orders

    union all

    select
        ticket_id as transaction_id,
        currency,
        {{ local_date('sold_at') }} as day

    from tickets

)

select
    transaction_id,
    currency,
    {{ exchange_rate('currency', 'day') }} as exchange_rate

from unioned
where currency <> '{{ var("currency") }}'
