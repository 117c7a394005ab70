{#
    What the extracts say was paid and paid back by the end of as_of, as common table expressions in the retailer's
    currency: shop_orders (source, channel, total_amount, revenue_amount), till_tickets (source, revenue_amount) and
    shop_returns (source, refund_amount), one row per row of theirs. Straight from the sources, since the tests compare
    the models with it. Revenue is without tips and gift cards; what nobody gave a rate for counts nowhere.
#}
{% macro extracted_money() -%}
exchange_rates as (

    select * from {{ ref('int_exchange_rates_found') }}

),

{{ _extracted('shop_orders', 'ecommerce', 'orders', 'order_id', 'orders', 'ordered_at', [
    'orders.channel',
    exchange('orders.total_amount', 'exchange_rates.exchange_rate') ~ ' as total_amount',
    _extracted_revenue('orders') ~ ' as revenue_amount',
]) }},

{{ _extracted('till_tickets', 'pos', 'tickets', 'ticket_id', 'tickets', 'sold_at', [
    _extracted_revenue('tickets') ~ ' as revenue_amount',
]) }},

{{ _extracted('shop_returns', 'ecommerce', 'returns', 'order_id', 'orders', 'returned_at', [
    exchange('returns.refund_amount', 'exchange_rates.exchange_rate') ~ ' as refund_amount',
]) }}
{%- endmacro %}

{% macro _extracted(name, kind, table, transaction_key, transaction_table, time, columns) -%}
{{ name }} as (

    select
        {{ table }}.source,
        {{ columns | join(',\n        ') }}

    from {{ source(kind, table) }} as {{ table }}
    left join exchange_rates
        on
            {{ table }}.source || ':{{ transaction_table }}:' || {{ table }}.{{ transaction_key }}
            = exchange_rates.transaction_id
    where
        {{ table }}.{{ time }} < {{ as_of_end() }}
        and (exchange_rates.transaction_id is null or exchange_rates.exchange_rate is not null)

)
{%- endmacro %}

{% macro _extracted_revenue(table) -%}
    {{ exchange(table ~ '.total_amount', 'exchange_rates.exchange_rate') }}
        - {{ exchange('coalesce(' ~ table ~ '.tip_amount, 0)', 'exchange_rates.exchange_rate') }}
        - {{ exchange('coalesce(' ~ table ~ '.gift_card_amount, 0)', 'exchange_rates.exchange_rate') }}
{%- endmacro %}
