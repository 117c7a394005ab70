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
        compared.customer_id,
        compared.field,
        max(chosen.field_value) as field_value,
        max(compared.chosen_record_id) as record_id,
        max(compared.rule) as rule,
        max(compared.field_group) as field_group,
        max(case when compared.is_from_deleted_record then 1 else 0 end) = 1 as is_from_deleted_record,
        count(*) as candidate_count,
        {{ list_values("case when compared.field_value <> chosen.field_value or chosen.field_value is null"
           ~ " then compared.field_value end") }} as losing_values

    from compared
    left join chosen
        on
            compared.customer_id = chosen.customer_id
            and compared.field = chosen.field
    group by compared.customer_id, compared.field

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
    summed.losing_values

from summed
inner join survivorship_rules
    on summed.field_group = survivorship_rules.field_group
