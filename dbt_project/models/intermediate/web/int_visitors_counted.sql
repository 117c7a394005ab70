with

sessions as (

    select * from {{ ref('int_sessions_attributed') }}

),

-- Who it was where that is known, and else the device.
furthest as (

    select
        {{ local_date('started_at') }} as day,
        customer_id,
        case when customer_id is null then visitor_id end as device_id,
        max(
            case
                when purchase_count > 0 or order_id is not null then 3
                when
                    product_view_count + review_view_count + availability_check_count + add_to_cart_count
                    + begin_checkout_count > 0
                    then 2
                else 1
            end
        ) as step

    from sessions
    group by {{ local_date('started_at') }}, customer_id, case when customer_id is null then visitor_id end

)

select
    day,
    case step when 3 then 'purchase' when 2 then 'consideration' else 'discovery' end as stage,
    cast(sum(case when customer_id is not null then 1 else 0 end) as bigint) as known_visitor_count,
    cast(sum(case when customer_id is null then 1 else 0 end) as bigint) as anonymous_visitor_count

from furthest
group by day, case step when 3 then 'purchase' when 2 then 'consideration' else 'discovery' end
