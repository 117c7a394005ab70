-- A row is an order that names a session whose number several visitors have, and that no purchase event names: it is of
-- no session.
{{ config(severity='warn') }}

select order_id

from {{ ref('int_order_sessions_found') }}
where is_ambiguous
