{# What is summed of rated answers (int_answers_rated), whatever they are grouped by. #}
{% macro answers_summed() -%}
        count(*) as answers,
        sum(case when kind = 'nps' and score_of_ten is not null then 1 else 0 end) as nps_answers,
        sum(case when is_promoter then 1 else 0 end) as promoters,
        sum(case when is_detractor then 1 else 0 end) as detractors,
        sum(case when kind = 'csat' and score_of_ten is not null then 1 else 0 end) as csat_answers,
        sum(case when is_satisfied then 1 else 0 end) as satisfied,
        sum(case when kind = 'review' and score_of_ten is not null then 1 else 0 end) as review_answers,
        sum(case when kind = 'review' then score_of_ten else 0 end) as review_score
{%- endmacro %}

{# The measures of satisfaction, from these sums. #}
{% macro satisfaction_measures() -%}
    answers,
    cast(nps_answers as bigint) as nps_answers,
    cast(promoters as bigint) as promoters,
    cast(detractors as bigint) as detractors,
    {{ share('100 * (promoters - detractors)', 'nps_answers') }} as nps,
    cast(csat_answers as bigint) as csat_answers,
    {{ share('100 * satisfied', 'csat_answers') }} as csat,
    cast(review_answers as bigint) as review_answers,
    {{ share('review_score', '2 * review_answers') }} as review_average
{%- endmacro %}
