select
    segment,
    description,
    owner,
    condition,
    reason,
    definition_digest,
    is_defined,
    first_computed_on,
    defined_since,
    removed_on

from {{ source('segments', 'definitions') }}
