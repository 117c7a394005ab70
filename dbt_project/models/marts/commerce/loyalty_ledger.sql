{%- set kinds = ['earned', 'spent', 'expired', 'adjusted'] -%}
{%- set channels = ['store', 'web', 'app', 'service'] -%}

with

movements as (

    select * from {{ ref('int_loyalty_movements_identified') }}

),

cards as (

    select * from {{ ref('int_loyalty_cards_attributed') }}

),

months as (

    select * from {{ ref('int_months_listed') }}

),

movements_in_months as (

    select
        loyalty_card_id,
        {{ month_start(local_date('occurred_at')) }} as month,
        kind,
        channel,
        points

    from movements

),

summed as (

    select
        loyalty_card_id,
        month,
        {%- for kind in kinds %}
        sum(case when kind = '{{ kind }}' then points else 0 end) as {{ kind }},
        {%- for channel in channels %}
        sum(case when kind = '{{ kind }}' and channel = '{{ channel }}' then points else 0 end)
            as {{ kind }}_{{ channel }},
        {%- endfor %}
        {%- endfor %}
        count(*) as movement_count

    from movements_in_months
    group by loyalty_card_id, month

),

first_months as (

    select
        loyalty_card_id,
        min(month) as first_month

    from summed
    group by loyalty_card_id

),

every_month as (

    select
        first_months.loyalty_card_id,
        months.month,
        {%- for kind in kinds %}
        coalesce(summed.{{ kind }}, 0) as {{ kind }},
        {%- for channel in channels %}
        coalesce(summed.{{ kind }}_{{ channel }}, 0) as {{ kind }}_{{ channel }},
        {%- endfor %}
        {%- endfor %}
        coalesce(summed.movement_count, 0) as movement_count

    from first_months
    inner join months
        on first_months.first_month <= months.month
    left join summed
        on
            first_months.loyalty_card_id = summed.loyalty_card_id
            and months.month = summed.month

),

closed as (

    select
        *,
        sum(earned + spent + expired + adjusted) over (
            partition by loyalty_card_id order by month
            rows between unbounded preceding and current row
        ) as closing

    from every_month

)

select
    closed.loyalty_card_id,
    closed.month,
    cards.customer_id,
    cast(closed.closing - closed.earned - closed.spent - closed.expired - closed.adjusted as bigint) as opening,
    {%- for kind in kinds %}
    cast(closed.{{ kind }} as bigint) as {{ kind }},
    {%- endfor %}
    cast(closed.closing as bigint) as closing,
    {%- for kind in kinds %}
    {%- for channel in channels %}
    cast(closed.{{ kind }}_{{ channel }} as bigint) as {{ kind }}_{{ channel }},
    {%- endfor %}
    {%- endfor %}
    cast(closed.movement_count as bigint) as movement_count

from closed
left join cards
    on closed.loyalty_card_id = cards.loyalty_card_id
