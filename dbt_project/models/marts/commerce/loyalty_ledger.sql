{%- set kinds = ['earned', 'spent', 'expired', 'adjusted'] -%}
{%- set channels = ['store', 'web', 'app', 'service'] -%}
{%- set measures = [] -%}
{%- for kind in kinds -%}
{%- do measures.append(kind) -%}
{%- for channel in channels -%}
{%- do measures.append(kind ~ '_' ~ channel) -%}
{%- endfor -%}
{%- endfor -%}

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

-- Reckoned on the months with movements alone; each stands for those without any that follow it.
closed as (

    select
        *,
        sum(earned + spent + expired + adjusted) over (partition by loyalty_card_id order by month) as closing,
        lead(month) over (partition by loyalty_card_id order by month) as next_month

    from summed

),

attributed as (

    select
        cards.customer_id,
        closed.*

    from closed
    left join cards
        on closed.loyalty_card_id = cards.loyalty_card_id

),

every_month as (

    select
        loyalty_card_id,
        month,
        customer_id,
        closing,
        {{ measures | join(',\n        ') }},
        movement_count

    from attributed

    union all

    select
        attributed.loyalty_card_id,
        months.month,
        attributed.customer_id,
        attributed.closing,
        {%- for measure in measures %}
        0 as {{ measure }},
        {%- endfor %}
        0 as movement_count

    from attributed
    inner join months
        on
            attributed.month < months.month
            and coalesce(attributed.next_month, cast('9999-12-31' as date)) > months.month

)

select
    loyalty_card_id,
    month,
    customer_id,
    cast(closing - earned - spent - expired - adjusted as bigint) as opening,
    {%- for kind in kinds %}
    cast({{ kind }} as bigint) as {{ kind }},
    {%- endfor %}
    cast(closing as bigint) as closing,
    {%- for kind in kinds %}
    {%- for channel in channels %}
    cast({{ kind }}_{{ channel }} as bigint) as {{ kind }}_{{ channel }},
    {%- endfor %}
    {%- endfor %}
    cast(movement_count as bigint) as movement_count

from every_month
