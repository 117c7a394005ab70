{%- set groups = golden_fields() | groupby('group') -%}

with

records as (

    select * from {{ ref('int_records_identified') }}
    -- A further mailbox is a way to reach somebody, but not the one that their row gives first.
    where table_name <> 'contact_points'

),

survivorship_rules as (

    select * from {{ ref('survivorship_rules') }}

),

record_trust as (

    select * from {{ ref('record_trust') }}

),

-- One candidate per record and group of fields; its key is what makes two candidates the same.
candidates as (

    {% for group, fields in groups -%}
    {%- set values = [] -%}
    {%- for field in fields -%}{%- do values.append(golden_value(field)) -%}{%- endfor -%}
    select
        customer_id,
        '{{ group }}' as field_group,
        record_id,
        table_name,
        updated_at,
        is_deleted,
        case when {{ values | join(' is null then 0 else 1 end + case when ') }} is null then 0 else 1 end
            as field_count,
        coalesce(lower({{ values | join("), '') || '|' || coalesce(lower(") }}), '') as value_key

    from records
    where {{ values | join(' is not null or ') }} is not null
    {{- "\n\n    union all\n" if not loop.last }}
    {% endfor %}
),

ruled as (

    select
        candidates.customer_id,
        candidates.field_group,
        candidates.record_id,
        candidates.updated_at,
        candidates.is_deleted,
        candidates.field_count,
        record_trust.trust,
        survivorship_rules.rule,
        -- How often a value is held is reckoned only where the rule asks for it.
        case when survivorship_rules.rule = 'most_frequent' then candidates.value_key end as value_key

    from candidates
    inner join survivorship_rules
        on candidates.field_group = survivorship_rules.field_group
    inner join record_trust
        on
            candidates.field_group = record_trust.field_group
            and candidates.table_name = record_trust.table_name

),

frequencies as (

    select
        customer_id,
        field_group,
        is_deleted,
        value_key,
        count(*) as frequency

    from ruled
    where value_key is not null
    group by customer_id, field_group, is_deleted, value_key
    having count(*) > 1

),

ranked as (

    select
        ruled.customer_id,
        ruled.field_group,
        ruled.record_id,
        ruled.is_deleted,
        ruled.rule,
        row_number() over (
            partition by ruled.customer_id, ruled.field_group
            order by
                case when ruled.is_deleted then 1 else 0 end,
                ruled.field_count desc,
                case ruled.rule
                    when 'most_frequent' then coalesce(frequencies.frequency, 1)
                    when 'most_trusted' then ruled.trust
                    else 0
                end desc,
                ruled.updated_at desc nulls last,
                ruled.trust desc,
                ruled.record_id asc
        ) as place

    from ruled
    left join frequencies
        on
            ruled.customer_id = frequencies.customer_id
            and ruled.field_group = frequencies.field_group
            and ruled.is_deleted = frequencies.is_deleted
            and ruled.value_key = frequencies.value_key

)

select
    customer_id,
    field_group,
    record_id,
    is_deleted,
    rule

from ranked
where place = 1
