with

field_values as (

    select * from {{ ref('int_golden_values_listed') }}

),

survivorship_rules as (

    select * from {{ ref('survivorship_rules') }}

),

record_trust as (

    select * from {{ ref('record_trust') }}

),

-- One candidate per record and group of fields; its key is what makes two candidates the same.
candidates as (

    select
        customer_id,
        field_group,
        record_id,
        table_name,
        updated_at,
        is_deleted,
        count(*) as field_count,
        {%- for group, fields in golden_groups_of_several() %}
        {%- for field in fields %}
        coalesce(max(case when field = '{{ field.name }}' then lower(field_value) end), '') || '|' ||
        {%- endfor %}
        {%- endfor %}
        coalesce(
            max(
                case
                    when
                        field_group not in (
                            {%- for group, fields in golden_groups_of_several() -%}
                            '{{ group }}'{{ ', ' if not loop.last }}
                            {%- endfor -%}
                        )
                        then lower(field_value)
                end
            ), ''
        ) as value_key

    from field_values
    group by customer_id, field_group, record_id, table_name, updated_at, is_deleted

),

counted as (

    select
        *,
        count(*) over (partition by customer_id, field_group, is_deleted, value_key) as frequency

    from candidates

),

ranked as (

    select
        counted.customer_id,
        counted.field_group,
        counted.record_id,
        counted.table_name,
        counted.is_deleted,
        survivorship_rules.rule,
        counted.frequency,
        row_number() over (
            partition by counted.customer_id, counted.field_group
            order by
                case when counted.is_deleted then 1 else 0 end,
                counted.field_count desc,
                case survivorship_rules.rule
                    when 'most_frequent' then counted.frequency
                    when 'most_trusted' then record_trust.trust
                    else 0
                end desc,
                counted.updated_at desc nulls last,
                record_trust.trust desc,
                counted.record_id asc
        ) as place

    from counted
    inner join survivorship_rules
        on counted.field_group = survivorship_rules.field_group
    inner join record_trust
        on
            counted.field_group = record_trust.field_group
            and counted.table_name = record_trust.table_name

)

select
    customer_id,
    field_group,
    record_id,
    table_name,
    is_deleted,
    rule,
    frequency

from ranked
where place = 1
