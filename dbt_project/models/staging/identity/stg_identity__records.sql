with records as (
    select * from {{ source('identity', 'records') }}
),

amendments as (
    select * from {{ source('identity', 'records_amendments') }}
)

select
    records.record_id,
    records.source,
    records.kind,
    records.table_name,
    records.source_key,
    records.civility,
    records.first_name,
    records.last_name,
    records.email,
    records.phone,
    records.mobile,
    records.birth_date,
    records.address,
    records.postcode,
    records.city,
    records.country,
    records.loyalty_card_id,
    records.created_at,
    records.updated_at,
    records.deleted_at

from records
left join amendments on records.record_id = amendments.record_id
where amendments.record_id is null

union all

select
    record_id,
    source,
    kind,
    table_name,
    source_key,
    civility,
    first_name,
    last_name,
    email,
    phone,
    mobile,
    birth_date,
    address,
    postcode,
    city,
    country,
    loyalty_card_id,
    created_at,
    updated_at,
    deleted_at

from amendments
where not is_gone
