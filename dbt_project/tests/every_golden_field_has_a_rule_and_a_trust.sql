-- A row is a group of golden fields without a rule, a rule of a group that is not declared, or a table without a trust
-- for a group: what it holds would silently be missing from the golden records.
with

declared as (

    select field_group
    from (
        values
        {%- for group, fields in golden_fields() | groupby('group') %}
        ('{{ group }}'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as listed (field_group)  -- noqa: AL05

),

survivorship_rules as (

    select * from {{ ref('survivorship_rules') }}

),

record_trust as (

    select * from {{ ref('record_trust') }}

),

tables as (

    select table_name
    from {{ ref('int_records_identified') }}

    union distinct

    select table_name
    from record_trust

)

select
    coalesce(declared.field_group, survivorship_rules.field_group) as field_group,
    cast(null as string) as table_name

from declared
full outer join survivorship_rules
    on declared.field_group = survivorship_rules.field_group
where declared.field_group is null or survivorship_rules.field_group is null

union all

select
    declared.field_group,
    tables.table_name

from declared
cross join tables
left join record_trust
    on
        declared.field_group = record_trust.field_group
        and tables.table_name = record_trust.table_name
where record_trust.field_group is null
