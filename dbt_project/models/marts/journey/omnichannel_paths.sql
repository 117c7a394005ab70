with

steps as (

    select * from {{ ref('omnichannel_path_steps') }}

)

select
    {{ month_start('happened_on') }} as month,
    path,
    cast(sum(case when is_followed then 1 else 0 end) as bigint) as count,
    count(distinct case when is_followed then customer_id end) as customers,
    cast(sum(case when is_followed then net_amount else 0 end) as decimal(18, 2)) as revenue,
    '{{ var("currency") }}' as currency,
    count(*) as base_count,
    {{ share('sum(case when is_followed then 1 else 0 end)', 'count(*)') }} as share_of_base

from steps
group by {{ month_start('happened_on') }}, path
