-- A row is a mart and a time in it that lies after the end of the as_of day, or a customer who has not come yet.
{%- set times = [
    ('customer_360', ['first_seen_at', 'last_seen_at', 'first_ordered_at', 'last_ordered_at', 'journey_stage_since']),
    ('customer_consents', ['recorded_at']),
    ('customer_contact_points', ['first_recorded_at', 'last_updated_at']),
    ('customer_touchpoints', ['touched_at']),
    ('orders', ['ordered_at', 'fulfilled_at']),
    ('order_lines', ['ordered_at']),
    ('returns', ['returned_at']),
    ('attribution_touches', ['touched_at']),
    ('customer_journey_stages', ['entered_at', 'left_at']),
] %}
{%- set days = [
    ('customer_segments', ['entered_on', 'left_on']),
    ('kpis', ['month']),
    ('retention_cohorts', ['cohort_month', 'month']),
    ('loyalty_ledger', ['month']),
    ('journey_stage_daily', ['day']),
    ('channel_performance', ['day']),
    ('friction_points', ['day']),
    ('friction_incidents', ['day']),
    ('omnichannel_paths', ['month']),
    ('satisfaction', ['month']),
    ('traffic_source_performance', ['month']),
] %}

{%- for marts, is_later in [(times, '>= ' ~ as_of_end()), (days, '> ' ~ as_of_date())] %}
{%- for mart, columns in marts %}
{%- for column in columns %}

select
    '{{ mart }}' as mart,
    '{{ column }}' as column_name,
    count(*) as row_count

from {{ ref(mart) }}
where {{ column }} {{ is_later }}
having count(*) > 0

union all
{%- endfor %}
{%- endfor %}
{%- endfor %}

select
    'customer_360' as mart,
    'tenure_days' as column_name,
    count(*) as row_count

from {{ ref('customer_360') }}
where tenure_days < 0 or recency_days < 0
having count(*) > 0
