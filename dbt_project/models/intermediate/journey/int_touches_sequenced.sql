{{ config(materialized='view') }}

with

touchpoints as (

    select * from {{ ref('customer_touchpoints') }}

),

touch_kinds as (

    select * from {{ ref('touch_kinds') }}

)

select
    touchpoints.*,
    touch_kinds.is_consideration

from touchpoints
left join touch_kinds
    on touchpoints.touch_kind = touch_kinds.touch_kind
