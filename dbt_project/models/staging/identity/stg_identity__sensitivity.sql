select
    record_id,
    strict_cluster_id,
    loose_cluster_id

from {{ source('identity', 'sensitivity') }}
