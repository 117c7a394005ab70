with

set_aside as (

    select * from {{ ref('stg_quarantine__quarantined_rows') }}

)

select
    source,
    table_name,
    file_name,
    line_number,
    column_name,
    kind,
    reason,
    is_kept,
    raw_row

from set_aside
