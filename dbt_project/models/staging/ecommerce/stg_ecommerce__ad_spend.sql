select
    source,
    date as spent_on,
    utm_source,
    utm_medium,
    utm_campaign,
    amount as spend_amount,
    upper(nullif(trim(currency), '')) as currency,
    impressions,
    clicks

from {{ source('ecommerce', 'ad_spend') }}
