with

web_returns as (

    select * from {{ ref('stg_ecommerce__returns') }}

),

web_lines as (

    select * from {{ ref('stg_ecommerce__order_lines') }}

),

tickets as (

    select * from {{ ref('int_tickets_classified') }}

),

ticket_lines as (

    select * from {{ ref('stg_pos__ticket_lines') }}

),

all_tickets as (

    select * from {{ ref('stg_pos__tickets') }}

),

order_references as (

    select * from {{ ref('int_order_references_resolved') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_found') }}

),

returned_online as (

    select
        web_returns.return_id,
        web_returns.source,
        web_returns.order_id,
        cast(null as string) as ticket_id,
        web_returns.line_no,
        web_lines.product_id,
        web_returns.quantity,
        {{ exchange('web_returns.refund_amount', 'exchange_rates.exchange_rate') }} as refund_amount,
        web_returns.reason,
        web_returns.returned_at,
        web_returns.returned_via,
        web_returns.store_id,
        web_returns.account_record_id

    from web_returns
    left join web_lines
        on
            web_returns.order_id = web_lines.order_id
            and web_returns.line_no = web_lines.line_no
    left join exchange_rates
        on web_returns.order_id = exchange_rates.transaction_id
    where
        web_returns.returned_at < {{ as_of_end() }}
        and (exchange_rates.transaction_id is null or exchange_rates.exchange_rate is not null)

),

returned_lines as (

    select
        tickets.ticket_id || ':' || cast(ticket_lines.line_no as string) as return_id,
        tickets.source,
        coalesce(all_tickets.ticket_id, order_references.order_id, ticket_lines.original_ticket_id) as order_id,
        tickets.ticket_id,
        ticket_lines.line_no,
        ticket_lines.product_id,
        -ticket_lines.quantity as quantity,
        -- Where nothing was sold, what the ticket paid out and its lines do not explain goes with its first line.
        cast(
            case
                when tickets.is_return_only and ticket_lines.line_no = tickets.first_return_line_no
                    then tickets.refund_amount - tickets.returned_line_amount
                else 0
            end - {{ exchange('ticket_lines.line_amount', 'exchange_rates.exchange_rate') }} as decimal(18, 2)
        ) as refund_amount,
        ticket_lines.return_reason as reason,
        tickets.sold_at as returned_at,
        'store' as returned_via,
        tickets.store_id,
        cast(null as string) as account_record_id

    from tickets
    inner join ticket_lines
        on tickets.ticket_id = ticket_lines.ticket_id
    left join exchange_rates
        on tickets.ticket_id = exchange_rates.transaction_id
    left join all_tickets
        on ticket_lines.original_ticket_id = all_tickets.ticket_id
    left join order_references
        on ticket_lines.original_reference = order_references.reference
    where ticket_lines.quantity < 0

),

returned_without_lines as (

    select
        ticket_id || ':0' as return_id,
        source,
        cast(null as string) as order_id,
        ticket_id,
        cast(null as bigint) as line_no,
        cast(null as string) as product_id,
        cast(null as decimal(18, 3)) as quantity,
        refund_amount,
        cast(null as string) as reason,
        sold_at as returned_at,
        'store' as returned_via,
        store_id,
        cast(null as string) as account_record_id

    from tickets
    where is_return_only and return_line_count = 0

)

select * from returned_online
union all
select * from returned_lines
union all
select * from returned_without_lines
