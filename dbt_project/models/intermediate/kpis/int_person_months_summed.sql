with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

returns as (

    select * from {{ ref('int_returns_unioned') }}

),

records_divided as (

    select * from {{ ref('int_records_clustered') }}

),

movements as (

    select
        record_id,
        {{ month_number(local_date('ordered_at')) }} as month_number,
        1 as order_count,
        case when channel = 'store' then 1 else 0 end as store_order_count,
        revenue_amount as net_amount

    from orders
    where record_id is not null and is_revenue

    union all

    select
        record_id,
        {{ month_number(local_date('returned_at')) }} as month_number,
        0 as order_count,
        0 as store_order_count,
        -refund_amount as net_amount

    from returns
    where record_id is not null and is_revenue

),

-- Before they are told three times.
summed as (

    select
        record_id,
        month_number,
        sum(order_count) as order_count,
        sum(store_order_count) as store_order_count,
        sum(net_amount) as net_amount

    from movements
    group by record_id, month_number

)

select
    records_divided.identity_threshold,
    records_divided.person_id,
    summed.month_number,
    cast(sum(summed.order_count) as bigint) as order_count,
    cast(sum(summed.store_order_count) as bigint) as store_order_count,
    cast(sum(summed.order_count - summed.store_order_count) as bigint) as online_order_count,
    cast(sum(summed.net_amount) as decimal(18, 2)) as net_amount

from summed
inner join records_divided
    on summed.record_id = records_divided.record_id
group by records_divided.identity_threshold, records_divided.person_id, summed.month_number
