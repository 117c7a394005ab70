with records as (
    select * from {{ source('identity', 'records') }}
),

amendments as (
    select * from {{ source('identity', 'records_amendments') }}
),

-- Amendments have the columns of what they amend, in that order, and is_gone behind them.
amended as (
    select
        records.*,
        false as is_gone
    from records
    left join amendments on records.record_id = amendments.record_id
    where amendments.record_id is null

    union all

    select * from amendments
)

select
    record_id,
    source,
    kind,
    table_name,
    source_key,
    {%- for column in golden_columns() %}
    {{ column }},
    {%- endfor %}
    email_key,
    card_key,
    created_at,
    updated_at,
    deleted_at

from amended
where not is_gone
