with

orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

tickets as (

    select * from {{ ref('int_tickets_classified') }}

),

records_named as (

    select * from {{ ref('int_records_named') }}

),

written_cards as (

    select * from {{ ref('stg_identity__loyalty_cards') }}

),

written_mailboxes as (

    select * from {{ ref('stg_identity__mailboxes') }}

),

cards as (

    select * from {{ ref('int_loyalty_cards_attributed') }}

),

emails as (

    select * from {{ ref('int_emails_attributed') }}

),

transactions as (

    select
        order_id as transaction_id,
        'account' as named_by,
        account_record_id as named_record_id,
        cast(null as string) as written_card,
        contact_email as written_mailbox,
        cast(null as string) as picked_up_order_id

    from orders
    where ordered_at < {{ as_of_end() }}

    union all

    select
        ticket_id as transaction_id,
        'member' as named_by,
        member_record_id as named_record_id,
        loyalty_card_id as written_card,
        receipt_email as written_mailbox,
        picked_up_order_id

    from tickets

),

matched as (

    select
        transactions.transaction_id,
        transactions.picked_up_order_id,
        transactions.named_by,
        named.customer_id as named_customer_id,
        cards.customer_id as card_customer_id,
        own_records.customer_id as own_customer_id,
        emails.customer_id as email_customer_id,
        coalesce(named.record_id, cards.record_id, own_records.record_id, emails.record_id) as record_id,
        own_records.record_id is not null
        or (
            transactions.named_record_id is null
            and written_cards.loyalty_card_id is null
        ) as is_guest

    from transactions
    left join records_named as named
        on transactions.named_record_id = named.named_record_id
    left join written_cards
        on transactions.written_card = written_cards.written
    left join cards
        on written_cards.loyalty_card_id = cards.loyalty_card_id
    left join records_named as own_records
        on transactions.transaction_id = own_records.named_record_id
    left join written_mailboxes
        on transactions.written_mailbox = written_mailboxes.written
    left join emails
        on written_mailboxes.mailbox = emails.mailbox

),

attributed as (

    select
        transaction_id,
        picked_up_order_id,
        record_id,
        is_guest,
        -- The till knew the member; a card may have been lent.
        coalesce(named_customer_id, card_customer_id, own_customer_id, email_customer_id) as customer_id,
        case
            when named_customer_id is not null then named_by
            when card_customer_id is not null then 'loyalty_card'
            when own_customer_id is not null then 'own_record'
            when email_customer_id is not null then 'email'
        end as attributed_by

    from matched

)

select
    attributed.transaction_id,
    attributed.is_guest,
    coalesce(attributed.customer_id, picked_up.customer_id) as customer_id,
    coalesce(attributed.record_id, picked_up.record_id) as record_id,
    coalesce(attributed.attributed_by, case when picked_up.customer_id is not null then 'picked_up_order' end)
        as attributed_by

from attributed
left join attributed as picked_up
    on attributed.picked_up_order_id = picked_up.transaction_id
