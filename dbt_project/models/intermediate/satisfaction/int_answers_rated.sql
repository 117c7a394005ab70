with

surveys as (

    select * from {{ ref('int_surveys_attributed') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

stays as (

    select * from {{ ref('customer_journey_stages') }}

),

scaled as (

    select
        surveys.*,
        surveys.score / nullif(surveys.scale_max, 0) as score_share

    from surveys

)

select
    scaled.response_id,
    scaled.customer_id,
    scaled.record_id,
    scaled.order_id,
    coalesce(scaled.store_id, orders.store_id) as store_id,
    scaled.kind,
    coalesce(
        orders.channel,
        case when scaled.store_id is not null then 'store' end,
        scaled.channel,
        'unknown'
    ) as channel,
    coalesce(stays.stage, 'unknown') as stage,
    scaled.answered_at,
    {{ month_start(local_date('scaled.answered_at')) }} as answered_in,
    scaled.answer_text,
    cast(scaled.score_share * 10 as decimal(18, 4)) as score_of_ten,
    scaled.kind = 'nps' and cast(scaled.score_share * 10 as decimal(18, 4)) >= {{ var('nps_promoter_from') }}
        as is_promoter,
    scaled.kind = 'nps' and cast(scaled.score_share * 10 as decimal(18, 4)) <= {{ var('nps_detractor_to') }}
        as is_detractor,
    scaled.kind = 'csat' and cast(scaled.score_share * 5 as decimal(18, 4)) >= {{ var('csat_satisfied_from') }}
        as is_satisfied

from scaled
left join orders
    on scaled.order_id = orders.order_id
left join stays
    on
        scaled.customer_id = stays.customer_id
        and scaled.answered_at >= stays.entered_at
        and (scaled.answered_at < stays.left_at or stays.left_at is null)
