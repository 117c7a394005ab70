select
    trait,
    description,
    owner,
    mart,
    aggregate,
    measured_column,
    filter,
    window_days,
    is_zero_without_rows

from {{ source('segments', 'traits') }}
