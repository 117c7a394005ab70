with

contact_consents as (

    select * from {{ ref('stg_crm__consents') }}

),

account_consents as (

    select * from {{ ref('stg_ecommerce__consents') }}

),

records_named as (

    select * from {{ ref('int_records_named') }}

),

customer_ids as (

    select * from {{ ref('stg_identity__customer_ids') }}

),

sensitivity as (

    select * from {{ ref('stg_identity__sensitivity') }}

),

answers as (

    select
        contact_record_id as named_record_id,
        channel,
        purpose,
        recipient,
        status,
        recorded_at,
        proof,
        notice_version

    from contact_consents

    union all

    select
        account_record_id as named_record_id,
        channel,
        purpose,
        recipient,
        status,
        recorded_at,
        proof,
        notice_version

    from account_consents

),

ranked_in_records as (

    select
        answers.named_record_id,
        records_named.record_id,
        records_named.customer_id,
        answers.channel,
        answers.purpose,
        answers.recipient,
        -- Two spellings of one purpose are one: a refusal must not depend on a capital letter.
        lower(trim(answers.purpose)) as purpose_key,
        coalesce(lower(trim(answers.recipient)), '') as recipient_key,
        answers.status,
        answers.recorded_at,
        answers.proof is not null as has_proof,
        answers.notice_version,
        row_number() over (
            partition by
                answers.named_record_id,
                answers.channel,
                lower(trim(answers.purpose)),
                coalesce(lower(trim(answers.recipient)), '')
            order by
                answers.recorded_at desc,
                case answers.status when 'withdrawn' then 1 when 'denied' then 2 else 3 end asc,
                answers.purpose asc,
                answers.recipient asc
        ) as place

    from answers
    inner join records_named
        on answers.named_record_id = records_named.named_record_id
    where answers.recorded_at < {{ as_of_end() }}

),

-- A record says one thing: what it said last. One that a system merged into another still speaks for itself: the grant
-- of what is left may be the older list's, and does not lift its refusal.
said as (

    select * from ranked_in_records
    where place = 1

),

-- Who would be one person if that took less evidence.
perhaps_one as (

    select distinct
        sensitivity.loose_cluster_id,
        customer_ids.customer_id

    from customer_ids
    inner join sensitivity
        on customer_ids.record_id = sensitivity.record_id

),

reaching as (

    select
        said.customer_id,
        said.named_record_id,
        said.record_id,
        said.channel,
        said.purpose,
        said.recipient,
        said.purpose_key,
        said.recipient_key,
        said.status,
        said.recorded_at,
        said.has_proof,
        said.notice_version,
        1 as is_own

    from said

    union all

    select
        perhaps_one.customer_id,
        said.named_record_id,
        said.record_id,
        said.channel,
        said.purpose,
        said.recipient,
        said.purpose_key,
        said.recipient_key,
        said.status,
        said.recorded_at,
        said.has_proof,
        said.notice_version,
        0 as is_own

    from said
    inner join sensitivity
        on said.record_id = sensitivity.record_id
    inner join perhaps_one
        on
            sensitivity.loose_cluster_id = perhaps_one.loose_cluster_id
            and said.customer_id <> perhaps_one.customer_id
    where said.status <> 'granted'

),

compared as (

    select
        *,
        max(case when is_own = 1 and status = 'granted' and has_proof then recorded_at end) over (
            partition by customer_id, channel, purpose_key, recipient_key
        ) as explicitly_granted_at,
        max(case when is_own = 1 then recorded_at end) over (
            partition by customer_id, channel, purpose_key, recipient_key
        ) as last_answered_at,
        sum(case when status <> 'granted' then 1 else 0 end) over (
            partition by customer_id, channel, purpose_key, recipient_key
        ) as refusal_count

    from reaching

),

judged as (

    select
        *,
        status <> 'granted' and (explicitly_granted_at is null or recorded_at >= explicitly_granted_at) as is_standing

    from compared

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id, channel, purpose_key, recipient_key
            order by
                case when is_standing then 1 when status = 'granted' then 2 else 3 end asc,
                is_own desc,
                recorded_at desc,
                case status when 'withdrawn' then 1 when 'denied' then 2 else 3 end asc,
                record_id asc,
                named_record_id asc
        ) as place

    from judged

)

select
    customer_id,
    channel,
    purpose,
    recipient,
    status,
    recorded_at,
    record_id,
    case
        when is_standing and is_own = 0 then 'refusal_of_perhaps_the_same_person'
        when is_standing and recorded_at < last_answered_at then 'refusal_that_stands'
        when not is_standing and refusal_count > 0 then 'grant_with_proof_after_refusal'
        else 'last_answer'
    end as decided_by,
    notice_version

from ranked
where place = 1
