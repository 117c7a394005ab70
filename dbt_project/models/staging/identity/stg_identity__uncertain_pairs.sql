select
    record_id_l,
    record_id_r,
    customer_id_l,
    customer_id_r,
    is_together,
    match_weight,
    match_probability,
    uncertainty_bits

from {{ source('identity', 'uncertain_pairs') }}
