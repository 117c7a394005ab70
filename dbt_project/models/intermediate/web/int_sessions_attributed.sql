{%- set window_seconds = (var('device_window_days') | int) * 86400 -%}

with

sessions as (

    select * from {{ ref('int_sessions_aggregated') }}

),

records_named as (

    select * from {{ ref('int_records_named') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

orders_ranked as (

    select
        session_id,
        order_id,
        customer_id,
        record_id,
        row_number() over (partition by session_id order by ordered_at, order_id) as place

    from orders
    where session_id is not null

),

named as (

    select
        sessions.*,
        orders_ranked.order_id,
        accounts.customer_id as account_customer_id,
        -- An account that is in no extract is a person all the same, though not one we can name.
        coalesce(accounts.customer_id, sessions.account_record_id, orders_ranked.customer_id) as person,
        coalesce(
            accounts.customer_id,
            case when sessions.account_record_id is null then orders_ranked.customer_id end
        ) as own_customer_id,
        coalesce(
            accounts.record_id,
            case when sessions.account_record_id is null then orders_ranked.record_id end
        ) as own_record_id,
        {{ epoch_seconds('sessions.started_at') }} as started_second

    from sessions
    left join records_named as accounts
        on sessions.account_record_id = accounts.named_record_id
    left join orders_ranked
        on
            sessions.session_id = orders_ranked.session_id
            and orders_ranked.place = 1

),

watched as (

    select
        *,
        min(person) over (
            partition by visitor_id order by started_second
            range between {{ window_seconds }} preceding and {{ window_seconds }} following
        ) as first_person,
        max(person) over (
            partition by visitor_id order by started_second
            range between {{ window_seconds }} preceding and {{ window_seconds }} following
        ) as last_person,
        max(own_customer_id) over (
            partition by visitor_id order by started_second
            range between current row and {{ window_seconds }} following
        ) as next_customer_id,
        max(own_record_id) over (
            partition by visitor_id order by started_second
            range between current row and {{ window_seconds }} following
        ) as next_record_id

    from named

)

select
    session_id,
    source,
    visitor_id,
    account_record_id,
    order_id,
    channel,
    device,
    started_at,
    ended_at,
    utm_source,
    utm_medium,
    utm_campaign,
    event_count,
    page_view_count,
    search_count,
    product_view_count,
    review_view_count,
    availability_check_count,
    add_to_cart_count,
    remove_from_cart_count,
    begin_checkout_count,
    checkout_error_count,
    purchase_count,
    signup_count,
    chat_open_count,
    out_of_stock_view_count,
    case
        when person is not null then own_customer_id
        when first_person = last_person then next_customer_id
    end as customer_id,
    case
        when person is not null then own_record_id
        when first_person = last_person then next_record_id
    end as record_id,
    case
        when account_customer_id is not null then 'account'
        when own_customer_id is not null then 'order'
        when person is null and first_person = last_person and next_customer_id is not null then 'device'
    end as attributed_by

from watched
