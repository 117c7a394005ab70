select
    record_id,
    surviving_record_id,
    source,
    merged_at

from {{ source('identity', 'merged_records') }}
