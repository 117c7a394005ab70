select
    source,
    table_name,
    column_name,
    row_count,
    filled_count,
    distinct_count,
    unreadable_count,
    implausible_count,
    later_than_as_of_count,
    placeholder_count,
    shared_count,
    reason,
    example_file,
    example_line,
    example_record_id

from {{ source('identity', 'field_report') }}
