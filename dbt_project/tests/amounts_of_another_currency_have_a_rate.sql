-- A row is an order or ticket in another currency without a rate of its day. It counts nowhere: declare the rate under
-- exchange_rates in sources.yml.
select
    transaction_id,
    currency

from {{ ref('int_exchange_rates_found') }}
where exchange_rate is null
