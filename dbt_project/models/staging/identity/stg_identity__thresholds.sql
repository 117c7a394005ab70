select
    identity_threshold,
    offset_bits,
    moved_pairs,
    doubtful_pairs

from {{ source('identity', 'thresholds') }}
