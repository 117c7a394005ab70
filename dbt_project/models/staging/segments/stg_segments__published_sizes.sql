select
    segment,
    night,
    definition_digest,
    member_count,
    entered_count,
    left_count

from {{ source('segments', 'published_sizes') }}
