with

records as (

    select * from {{ ref('int_records_identified') }}

),

golden_records as (

    select * from {{ ref('int_golden_records_chosen') }}

),

listed as (

    select
        customer_id,
        record_id,
        source,
        is_deleted,
        created_at,
        updated_at,
        'email' as kind,
        '{{ golden_group('email') }}' as field_group,
        lower(email) as contact_value

    from records
    where email is not null

    union all

    select
        customer_id,
        record_id,
        source,
        is_deleted,
        created_at,
        updated_at,
        'phone' as kind,
        '{{ golden_group('phone') }}' as field_group,
        mobile as contact_value

    from records
    where mobile is not null

    union all

    select
        customer_id,
        record_id,
        source,
        is_deleted,
        created_at,
        updated_at,
        'phone' as kind,
        -- The golden phone is the mobile where a record has both.
        case when mobile is null then '{{ golden_group('phone') }}' else 'other' end as field_group,
        phone as contact_value

    from records
    -- Once, where it is the mobile too: below, rows are counted as records.
    where phone is not null and (mobile is null or phone <> mobile)

    union all

    select
        customer_id,
        record_id,
        source,
        is_deleted,
        created_at,
        updated_at,
        'postal_address' as kind,
        '{{ golden_group('address') }}' as field_group,
        coalesce(address, '') || ', ' || coalesce(postcode || ' ', '') || coalesce(city, '')
        || coalesce(', ' || country, '') as contact_value

    from records
    where address is not null

    union all

    select
        customer_id,
        record_id,
        source,
        is_deleted,
        created_at,
        updated_at,
        'loyalty_card' as kind,
        '{{ golden_group('loyalty_card_id') }}' as field_group,
        loyalty_card_id as contact_value

    from records
    where loyalty_card_id is not null

),

-- Summed per source first: sets of distinct values per row would not leave memory.
grouped_by_source as (

    select
        listed.customer_id,
        listed.kind,
        listed.contact_value,
        listed.source,
        count(*) as record_count,
        min(listed.created_at) as first_recorded_at,
        max(listed.updated_at) as last_updated_at,
        max(case when golden_records.record_id is not null then 1 else 0 end) as is_golden,
        min(case when listed.is_deleted then 1 else 0 end) as is_deleted

    from listed
    left join golden_records
        on
            listed.record_id = golden_records.record_id
            and listed.field_group = golden_records.field_group
            and listed.customer_id = golden_records.customer_id
    group by listed.customer_id, listed.kind, listed.contact_value, listed.source

),

grouped as (

    select
        customer_id,
        kind,
        contact_value,
        cast(sum(record_count) as bigint) as record_count,
        count(*) as source_count,
        min(first_recorded_at) as first_recorded_at,
        max(last_updated_at) as last_updated_at,
        max(is_golden) = 1 as is_golden,
        min(is_deleted) = 1 as is_deleted

    from grouped_by_source
    group by customer_id, kind, contact_value

)

select
    customer_id,
    kind,
    contact_value,
    record_count,
    source_count,
    count(*) over (partition by kind, contact_value) as customer_count,
    first_recorded_at,
    last_updated_at,
    is_golden,
    is_deleted

from grouped
