with

set_aside as (

    select * from {{ ref('stg_quarantine__quarantined_rows') }}

),

orphaned as (

    select * from {{ ref('int_order_lines_orphaned') }}

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

union all

select
    source,
    table_name,
    cast(null as string) as file_name,
    cast(null as bigint) as line_number,
    'order_id' as column_name,
    'reference' as kind,
    'the order or ticket is not in the extract' as reason,
    false as is_kept,
    '{"order_id": "' || order_id || '", "line_no": ' || cast(line_no as string) || '}' as raw_row

from orphaned
