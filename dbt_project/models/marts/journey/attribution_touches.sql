{%- set window_days = var('attribution_window_days') | int -%}
{%- set half_life_days = var('attribution_half_life_days') | int -%}
{%- set models = attribution_models() -%}

with

paths as (

    select * from {{ ref('int_conversion_paths_matched') }}

),

orders as (

    select * from {{ ref('orders') }}

),

removals as (

    select * from {{ ref('int_removal_effects_measured') }}

),

-- A million for a touch on the day of the order, half of it every half-life.
ages as (

    select
        cast(age_days as bigint) as age_days,
        cast(weight as bigint) as weight

    from (
        values
        {%- for age_days in range(window_days + 1) %}
        ({{ age_days }}, {{ [(1000000 * 0.5 ** (age_days / half_life_days)) | round | int, 1] | max }})
        {{- ',' if not loop.last }}
        {%- endfor %}
    ) as listed (age_days, weight)  -- noqa: AL05

),

weighed as (

    select
        paths.*,
        orders.customer_id,
        orders.channel as order_channel,
        orders.ordered_on,
        cast(sign(orders.net_amount) as int) as direction,
        cast(abs(orders.net_amount) * 100 as bigint) as cents,
        case when paths.touch_number = 1 then 1 else 0 end as weight_first_touch,
        case when paths.touch_number = paths.touch_count then 1 else 0 end as weight_last_touch,
        1 as weight_linear,
        case
            when paths.touch_count = 1 then 1
            when paths.touch_number = 1 then {{ attribution_share('first') }} * greatest(paths.touch_count - 2, 1)
            when paths.touch_number = paths.touch_count
                then {{ attribution_share('last') }} * greatest(paths.touch_count - 2, 1)
            else {{ attribution_share('middle') }}
        end as weight_position_based,
        ages.weight as weight_time_decay,
        -- A state is removed as a whole, so it counts once, however many of the touches are in it.
        greatest(
            {{ whole_quotient(
                'cast(floor(coalesce(removals.removal_effect, 1) * 1000000) as bigint) * 100', 'paths.touches_of_state'
            ) }}, 1
        ) as weight_markov

    from paths
    inner join orders
        on paths.order_id = orders.order_id
    inner join ages
        on paths.age_days = ages.age_days
    left join removals
        on paths.markov_state = removals.removed_state

),

-- Credit and cents are dealt out by rounding the running total down, so that they add up exactly; what does not divide
-- goes to the later touches.
accumulated as (

    select
        {%- for model in models %}
        cast(
            sum(weight_{{ model }}) over (
                partition by order_id order by touch_number
                rows between unbounded preceding and current row
            ) as bigint
        ) as running_{{ model }},
        cast(sum(weight_{{ model }}) over (partition by order_id) as bigint) as total_{{ model }},
        {%- endfor %}
        *

    from weighed

),

-- What is alike stands together, so the table takes a quarter less room: of a customer, an order, a touch.
in_order as (

    select * from accumulated
    order by customer_id, order_id, touch_number

),

modelled as (

    select
        *,
        {{ row_for_each(models) }} as model

    from in_order

),

dealt as (

    select
        *,
        case model
            {%- for model in models %}
            when '{{ model }}' then weight_{{ model }}
            {%- endfor %}
        end as weight,
        case model
            {%- for model in models %}
            when '{{ model }}' then running_{{ model }}
            {%- endfor %}
        end as running_weight,
        case model
            {%- for model in models %}
            when '{{ model }}' then total_{{ model }}
            {%- endfor %}
        end as total_weight

    from modelled

)

select
    order_id,
    model,
    touch_id,
    touch_number,
    touch_count,
    customer_id,
    order_channel,
    ordered_on,
    touched_at,
    age_days as days_before_order,
    touch_channel,
    traffic_source as source,
    traffic_medium as medium,
    traffic_campaign as campaign,
    cast(
        cast(
            {{ whole_quotient('1000000 * running_weight', 'total_weight') }}
            - {{ whole_quotient('1000000 * (running_weight - weight)', 'total_weight') }} as decimal(12, 0)
        ) * cast(0.000001 as decimal(6, 6)) as decimal(18, 6)
    ) as credit,
    cast(
        cast(
            direction * (
                {{ whole_quotient('cents * running_weight', 'total_weight') }}
                - {{ whole_quotient('cents * (running_weight - weight)', 'total_weight') }}
            ) as decimal(15, 0)
        ) * cast(0.01 as decimal(3, 2)) as decimal(18, 2)
    ) as credited_revenue

from dealt
