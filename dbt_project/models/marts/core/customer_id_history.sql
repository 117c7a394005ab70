with

ledger as (

    select * from {{ ref('stg_identity__ledger') }}

)

select
    entry_no,
    customer_id,
    change,
    into_customer_id,
    changed_at,
    run_id,
    reason

from ledger
where record_id is null
