with

field_values as (

    select * from {{ ref('int_golden_values_listed') }}

),

golden_records as (

    select * from {{ ref('int_golden_records_chosen') }}

),

survivorship_rules as (

    select * from {{ ref('survivorship_rules') }}

),

compared as (

    select
        field_values.customer_id,
        field_values.field_group,
        field_values.field,
        field_values.field_value,
        field_values.record_id = golden_records.record_id as is_chosen,
        golden_records.record_id as chosen_record_id,
        golden_records.rule,
        golden_records.is_deleted as is_from_deleted_record

    from field_values
    inner join golden_records
        on
            field_values.customer_id = golden_records.customer_id
            and field_values.field_group = golden_records.field_group

),

chosen as (

    select
        customer_id,
        field,
        field_value

    from compared
    where is_chosen

),

summed as (

    select
        customer_id,
        field,
        max(case when is_chosen then field_value end) as field_value,
        max(chosen_record_id) as record_id,
        max(rule) as rule,
        max(field_group) as field_group,
        max(case when is_from_deleted_record then 1 else 0 end) = 1 as is_from_deleted_record,
        count(*) as candidate_count

    from compared
    group by customer_id, field

),

-- Few values lose, and only theirs are listed: lists stay in memory as a whole.
losing as (

    select distinct
        compared.customer_id,
        compared.field,
        compared.field_value

    from compared
    left join chosen
        on
            compared.customer_id = chosen.customer_id
            and compared.field = chosen.field
    where not compared.is_chosen and (compared.field_value <> chosen.field_value or chosen.field_value is null)

),

losing_listed as (

    select
        customer_id,
        field,
        {{ list_values('field_value') }} as losing_values

    from losing
    group by customer_id, field

)

select
    summed.customer_id,
    summed.field,
    summed.field_value,
    summed.record_id,
    summed.rule,
    survivorship_rules.reason as rule_reason,
    summed.is_from_deleted_record,
    summed.candidate_count,
    losing_listed.losing_values

from summed
inner join survivorship_rules
    on summed.field_group = survivorship_rules.field_group
left join losing_listed
    on
        summed.customer_id = losing_listed.customer_id
        and summed.field = losing_listed.field
