with

orders as (

    select * from {{ ref('stg_ecommerce__orders') }}

),

tickets as (

    select * from {{ ref('int_tickets_classified') }}

),

customer_ids as (

    select * from {{ ref('stg_identity__customer_ids') }}

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
        account_record_id,
        cast(null as string) as loyalty_card_id,
        lower(trim(contact_email)) as email_key,
        cast(null as string) as picked_up_order_id

    from orders
    where ordered_at < {{ as_of_end() }}

    union all

    select
        ticket_id as transaction_id,
        cast(null as string) as account_record_id,
        loyalty_card_id,
        lower(trim(receipt_email)) as email_key,
        picked_up_order_id

    from tickets

),

matched as (

    select
        transactions.transaction_id,
        transactions.picked_up_order_id,
        accounts.customer_id as account_customer_id,
        cards.customer_id as card_customer_id,
        own_records.customer_id as own_customer_id,
        emails.customer_id as email_customer_id,
        coalesce(accounts.record_id, cards.record_id, own_records.record_id, emails.record_id) as record_id

    from transactions
    left join customer_ids as accounts
        on transactions.account_record_id = accounts.record_id
    left join cards
        on transactions.loyalty_card_id = cards.loyalty_card_id
    left join customer_ids as own_records
        on transactions.transaction_id = own_records.record_id
    left join emails
        on transactions.email_key = emails.email_key

),

attributed as (

    select
        transaction_id,
        picked_up_order_id,
        record_id,
        coalesce(account_customer_id, card_customer_id, own_customer_id, email_customer_id) as customer_id,
        case
            when account_customer_id is not null then 'account'
            when card_customer_id is not null then 'loyalty_card'
            when own_customer_id is not null then 'own_record'
            when email_customer_id is not null then 'email'
        end as attributed_by

    from matched

)

select
    attributed.transaction_id,
    coalesce(attributed.customer_id, picked_up.customer_id) as customer_id,
    coalesce(attributed.record_id, picked_up.record_id) as record_id,
    coalesce(attributed.attributed_by, case when picked_up.customer_id is not null then 'picked_up_order' end)
        as attributed_by

from attributed
left join attributed as picked_up
    on attributed.picked_up_order_id = picked_up.transaction_id
