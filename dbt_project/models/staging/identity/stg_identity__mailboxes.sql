select
    written,
    mailbox,
    is_shared

from {{ source('identity', 'mailboxes') }}
