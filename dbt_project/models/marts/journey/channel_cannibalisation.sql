with

adopted as (

    select
        *,
        {{ local_date('adopted_at') }} as adopted_on

    from {{ ref('int_channels_adopted') }}

),

summed as (

    select
        {{ month_start('adopted_on') }} as month,
        channel,
        count(*) as customer_count,
        sum(before_amount) as before_amount,
        sum(after_elsewhere_amount) as after_elsewhere_amount,
        sum(after_in_channel_amount) as after_in_channel_amount

    from adopted
    group by {{ month_start('adopted_on') }}, channel

),

split as (

    select
        *,
        least(greatest(before_amount - after_elsewhere_amount, 0), after_in_channel_amount) as moved_amount

    from summed

)

select
    month,
    channel,
    customer_count as customers,
    cast(before_amount as decimal(18, 2)) as before_amount,
    cast(after_elsewhere_amount as decimal(18, 2)) as after_elsewhere_amount,
    cast(after_in_channel_amount as decimal(18, 2)) as after_in_channel_amount,
    cast(moved_amount as decimal(18, 2)) as moved_amount,
    cast(after_in_channel_amount - moved_amount as decimal(18, 2)) as new_amount,
    {{ share('moved_amount', 'after_in_channel_amount') }} as moved_share,
    '{{ var("currency") }}' as currency

from split
