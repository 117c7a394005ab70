with

surveys as (

    select * from {{ ref('int_surveys_attributed') }}

),

ranked as (

    select
        customer_id,
        response_id,
        answered_at,
        -- Shops that ask on another scale are brought to 0 to 10.
        case when scale_max = 10 then score else score * 10 / nullif(scale_max, 0) end as nps_score,
        row_number() over (partition by customer_id order by answered_at desc, response_id asc) as place

    from surveys
    where kind = 'nps' and customer_id is not null

)

select
    customer_id,
    response_id,
    answered_at,
    nps_score

from ranked
where place = 1
