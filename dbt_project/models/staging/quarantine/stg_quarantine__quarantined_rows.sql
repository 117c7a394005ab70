select
    source,
    table_name,
    file as file_name,
    line as line_number,
    column_name,
    kind,
    reason,
    is_kept,
    raw as raw_row

from {{ source('quarantine', 'quarantined_rows') }}
