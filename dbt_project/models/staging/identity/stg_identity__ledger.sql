select
    entry_no,
    run_id,
    changed_at,
    change,
    customer_id,
    into_customer_id,
    record_id,
    reason,
    evidence

from {{ source('identity', 'ledger') }}
