{{ config(materialized="view") }}
select
    coverage.indicator_code,
    indicator.short_name as indicator_name,
    indicator.beacon_no,
    indicator.is_proxy,
    indicator.proxy_for,
    indicator.publisher,
    coverage.area_code,
    area.area_name,
    area.area_type,
    coverage.state,
    state_word.words as state_in_words,
    coverage.reason,
    reason_word.words as reason_in_words,
    latest.label as latest_period,
    expected.label as expected_period,
    coverage.note
from {{ ref("coverage").include(database=false) }} as coverage
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on coverage.indicator_code = indicator.indicator_code
inner join {{ ref("dim_area").include(database=false) }} as area on coverage.area_code = area.area_code
left join
    {{ ref("dim_code").include(database=false) }} as state_word
    on state_word.code_type = 'coverage_state'
    and coverage.state = state_word.code
left join
    {{ ref("dim_code").include(database=false) }} as reason_word
    on reason_word.code_type = 'reason'
    and coverage.reason = reason_word.code
left join
    {{ ref("dim_period").include(database=false) }} as latest on coverage.latest_period_id = latest.period_id
left join
    {{ ref("dim_period").include(database=false) }} as expected
    on coverage.expected_period_id = expected.period_id
