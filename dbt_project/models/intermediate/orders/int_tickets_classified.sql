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

summed as (

    select
        ticket_id,
        sum(case when quantity >= 0 then 1 else 0 end) as sale_line_count,
        sum(case when quantity < 0 then 1 else 0 end) as return_line_count,
        min(case when quantity < 0 then line_no end) as first_return_line_no,
        sum(case when quantity < 0 then -line_amount else 0 end) as returned_amount

    from ticket_lines
    group by ticket_id

),

counted as (

    select
        tickets.*,
        order_references.web_order_id as picked_up_order_id,
        coalesce(summed.sale_line_count, 0) as sale_line_count,
        coalesce(summed.return_line_count, 0) as return_line_count,
        summed.first_return_line_no,
        coalesce(summed.returned_amount, 0) as returned_amount

    from tickets
    left join summed
        on tickets.ticket_id = summed.ticket_id
    left join order_references
        on tickets.web_order_reference = order_references.reference

),

classified as (

    select
        *,
        web_order_reference is not null as is_pickup,
        -- Without a line to tell, the total does; an empty pickup is neither a sale nor a return.
        sale_line_count > 0
        or (
            return_line_count = 0
            and (total_amount > 0 or (total_amount = 0 and web_order_reference is null))
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
    gross_amount,
    discount_amount,
    total_amount,
    payment_kind,
    picked_up_order_id,
    is_pickup,
    is_order,
    not is_order and (return_line_count > 0 or total_amount <> 0) as is_return_only,
    return_line_count,
    first_return_line_no,
    cast(case when is_order then total_amount + returned_amount else 0 end as decimal(18, 2)) as order_amount,
    cast(case when is_order then returned_amount else -total_amount end as decimal(18, 2)) as refund_amount,
    cast(returned_amount as decimal(18, 2)) as returned_line_amount

from classified
where sold_at < {{ as_of_end() }}
