with

steps as (

    select * from {{ ref('int_omnichannel_path_steps_unioned') }}

)

select
    path,
    step_id,
    {{ local_date('happened_at') }} as happened_on,
    customer_id,
    is_followed,
    -- A pickup at which nothing more was bought came to nothing.
    coalesce(net_amount, 0) as net_amount,
    '{{ var("currency") }}' as currency

from steps
