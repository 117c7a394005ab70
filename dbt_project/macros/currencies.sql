{#
    An amount in the retailer's currency, rounded half up to the cent: as it is where there is no rate. The types leave
    room for any product on both engines.
#}
{% macro exchange(amount, rate, decimals=2) -%}
    case
        when {{ rate }} is null then {{ amount }}
        else cast(cast({{ amount }} as decimal(20, {{ decimals }})) * {{ rate }} as decimal(18, {{ decimals }}))
    end
{%- endmacro %}

{#
    The rate declared for a currency on a day, in units of the retailer's currency; null where none is. The latest that
    began by then.
#}
{% macro exchange_rate(currency, day) -%}
    {%- set declared = var('exchange_rates') | sort(attribute='from', reverse=true) -%}
    {%- if not declared %}
        cast(null as decimal(16, 8))
    {%- else %}
        case
            {%- for rate in declared %}
            when
                {{ currency }} = '{{ rate.currency }}'
                {%- if rate.from %} and {{ day }} >= cast('{{ rate.from }}' as date) {%- endif %}
                then cast({{ rate.rate }} as decimal(16, 8))
            {%- endfor %}
        end
    {%- endif %}
{%- endmacro %}
