select
    measure,
    estimate,
    low,
    high

from {{ source('identity', 'accuracy') }}
