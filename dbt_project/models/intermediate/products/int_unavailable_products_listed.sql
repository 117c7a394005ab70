with

stockouts as (

    select * from {{ ref('stg_pos__stockouts') }}
    where
        missing_on > {{ as_of_date(days=var('next_best_stock_days')) }}
        and missing_on <= {{ as_of_date() }}

),

views_of_stock as (

    select * from {{ ref('stg_ecommerce__web_events') }}
    where
        event = 'product_view'
        and product_id is not null
        and is_in_stock is not null
        and occurred_at >= {{ as_of_end(days=var('next_best_stock_days')) }}
        and occurred_at < {{ as_of_end() }}

),

views_ranked as (

    select
        product_id,
        is_in_stock,
        row_number() over (partition by product_id order by occurred_at desc, event_id desc) as place

    from views_of_stock

)

select distinct
    product_id,
    store_id

from stockouts

union all

select
    product_id,
    cast(null as string) as store_id

from views_ranked
where place = 1 and not is_in_stock
