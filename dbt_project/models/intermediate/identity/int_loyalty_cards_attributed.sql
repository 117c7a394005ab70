with

records as (

    select * from {{ ref('int_records_identified') }}

),

held as (

    select
        card_key as loyalty_card_id,
        customer_id,
        coalesce(min(case when not is_deleted then record_id end), min(record_id)) as record_id,
        sum(case when is_deleted then 0 else 1 end) as live_record_count,
        min(created_at) as first_created_at

    from records
    where card_key is not null
    group by card_key, customer_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by loyalty_card_id
            order by live_record_count desc, first_created_at asc nulls last, customer_id asc
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
