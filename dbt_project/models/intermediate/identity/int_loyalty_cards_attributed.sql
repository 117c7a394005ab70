with

records as (

    select * from {{ ref('int_records_identified') }}

),

held as (

    select
        loyalty_card_id,
        customer_id,
        coalesce(min(case when not is_deleted then record_id end), min(record_id)) as record_id,
        sum(case when is_deleted then 0 else 1 end) as live_record_count,
        max(updated_at) as last_updated_at

    from records
    where loyalty_card_id is not null
    group by loyalty_card_id, customer_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by loyalty_card_id
            order by live_record_count desc, last_updated_at desc nulls last, customer_id asc
        ) as place,
        count(*) over (partition by loyalty_card_id) as customer_count

    from held

)

select
    loyalty_card_id,
    customer_id,
    record_id,
    customer_count

from ranked
where place = 1
