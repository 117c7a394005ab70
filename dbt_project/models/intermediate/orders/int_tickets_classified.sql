{%- set amounts = [
    'gross_amount', 'discount_amount', 'tax_amount', 'tip_amount', 'gift_card_amount', 'total_amount'
] -%}

with

tickets as (

    select * from {{ ref('stg_pos__tickets') }}

),

ticket_lines as (

    select * from {{ ref('stg_pos__ticket_lines') }}

),

order_references as (

    select * from {{ ref('int_order_references_resolved') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_found') }}

),

exchanged_lines as (

    select
        ticket_lines.ticket_id,
        ticket_lines.line_no,
        ticket_lines.quantity,
        ticket_lines.line_amount as original_line_amount,
        {{ exchange('ticket_lines.line_amount', 'exchange_rates.exchange_rate') }} as line_amount

    from ticket_lines
    left join exchange_rates
        on ticket_lines.ticket_id = exchange_rates.transaction_id

),

summed as (

    select
        ticket_id,
        sum(case when quantity >= 0 then 1 else 0 end) as sale_line_count,
        sum(case when quantity < 0 then 1 else 0 end) as return_line_count,
        min(case when quantity < 0 then line_no end) as first_return_line_no,
        sum(case when quantity < 0 then -line_amount else 0 end) as returned_amount,
        sum(case when quantity < 0 then -original_line_amount else 0 end) as original_returned_amount

    from exchanged_lines
    group by ticket_id

),

-- A ticket in a currency that nobody gave a rate for counts nowhere.
exchanged as (

    select
        tickets.*,
        coalesce(tickets.currency, '{{ var("currency") }}') as original_currency,
        tickets.total_amount as original_total_amount,
        {%- for amount in amounts %}
        {{ exchange('tickets.' ~ amount, 'exchange_rates.exchange_rate') }} as own_{{ amount }},
        {%- endfor %}
        {{ exchange('coalesce(tickets.tip_amount, 0)', 'exchange_rates.exchange_rate') }}
        + {{ exchange('coalesce(tickets.gift_card_amount, 0)', 'exchange_rates.exchange_rate') }} as no_revenue_amount

    from tickets
    left join exchange_rates
        on tickets.ticket_id = exchange_rates.transaction_id
    where
        tickets.sold_at < {{ as_of_end() }}
        and (exchange_rates.transaction_id is null or exchange_rates.exchange_rate is not null)

),

counted as (

    select
        exchanged.*,
        order_references.web_order_id as picked_up_order_id,
        coalesce(summed.sale_line_count, 0) as sale_line_count,
        coalesce(summed.return_line_count, 0) as return_line_count,
        summed.first_return_line_no,
        coalesce(summed.returned_amount, 0) as returned_amount,
        coalesce(summed.original_returned_amount, 0) as original_returned_amount

    from exchanged
    left join summed
        on exchanged.ticket_id = summed.ticket_id
    left join order_references
        on exchanged.web_order_reference = order_references.reference

),

classified as (

    select
        *,
        web_order_reference is not null as is_pickup,
        -- A gift card or a tip is on no line, or not as goods. Without a line to tell, the total does; an empty pickup
        -- is neither a sale nor a return.
        sale_line_count > 0
        or no_revenue_amount > 0
        or (
            return_line_count = 0
            and (own_total_amount > 0 or (own_total_amount = 0 and web_order_reference is null))
        ) as is_order

    from counted

)

select
    ticket_id,
    source,
    ticket_reference,
    store_id,
    member_record_id,
    loyalty_card_id,
    receipt_email,
    sold_at,
    original_currency,
    {%- for amount in amounts %}
    own_{{ amount }} as {{ amount }},
    {%- endfor %}
    payment_kind,
    picked_up_order_id,
    is_pickup,
    is_order,
    not is_order and (return_line_count > 0 or own_total_amount <> no_revenue_amount) as is_return_only,
    return_line_count,
    first_return_line_no,
    cast(case when is_order then own_total_amount + returned_amount else 0 end as decimal(18, 2)) as order_amount,
    cast(case when is_order then original_total_amount + original_returned_amount else 0 end as decimal(18, 2))
        as original_order_amount,
    cast(
        case when is_order then own_total_amount + returned_amount - no_revenue_amount else 0 end as decimal(18, 2)
    ) as revenue_amount,
    cast(case when is_order then returned_amount else no_revenue_amount - own_total_amount end as decimal(18, 2))
        as refund_amount,
    cast(returned_amount as decimal(18, 2)) as returned_line_amount

from classified
