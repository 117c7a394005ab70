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

people as (

    select distinct visitor_id from named
    where person is not null

),

-- Most devices are nobody's, and need not be watched.
watched as (

    select
        named.session_id,
        min(named.person) over (
            partition by named.visitor_id order by named.started_second
            range between {{ window_seconds }} preceding and {{ window_seconds }} following
        ) as first_person,
        max(named.person) over (
            partition by named.visitor_id order by named.started_second
            range between {{ window_seconds }} preceding and {{ window_seconds }} following
        ) as last_person,
        max(named.own_customer_id) over (
            partition by named.visitor_id order by named.started_second
            range between current row and {{ window_seconds }} following
        ) as next_customer_id,
        max(named.own_record_id) over (
            partition by named.visitor_id order by named.started_second
            range between current row and {{ window_seconds }} following
        ) as next_record_id

    from named
    inner join people
        on named.visitor_id = people.visitor_id

)

select
    named.session_id,
    named.source,
    named.visitor_id,
    named.order_id,
    named.channel,
    named.device,
    named.started_at,
    named.ended_at,
    named.utm_source,
    named.utm_medium,
    named.utm_campaign,
    named.product_view_count,
    named.review_view_count,
    named.availability_check_count,
    named.add_to_cart_count,
    named.begin_checkout_count,
    named.checkout_error_count,
    named.purchase_count,
    case
        when named.person is not null then named.own_customer_id
        when watched.first_person = watched.last_person then watched.next_customer_id
    end as customer_id,
    case
        when named.person is not null then named.own_record_id
        when watched.first_person = watched.last_person then watched.next_record_id
    end as record_id,
    case
        when named.account_customer_id is not null then 'account'
        when named.own_customer_id is not null then 'order'
        when
            named.person is null
            and watched.first_person = watched.last_person
            and watched.next_customer_id is not null
            then 'device'
    end as attributed_by

from named
left join watched
    on named.session_id = watched.session_id
