{#- Why is it empty? One answer for each indicator and area, also where there is no figure at all. -#}
with
    card as (select * from {{ source("raw", "catalogue_indicator") }}),

    pair as (
        select
            card.indicator_code,
            card.headline_sex,
            card.headline_age,
            card.aggregation_rule,
            card.empty_reason,
            card.native_level,
            area.area_code,
            area.area_type
        from card
        cross join {{ ref("dim_area") }} as area
        where area.is_answered
    ),

    headline as (
        select
            observation.indicator_code,
            observation.area_code,
            observation.period_id,
            observation.period_end,
            observation.vintage_id,
            observation.value,
            observation.status,
            observation.status_note,
            observation.derived_by,
            row_number() over (
                partition by observation.indicator_code, observation.area_code
                order by
                    case when observation.value is null then 1 else 0 end,
                    observation.period_end desc,
                    observation.period_id,
                    observation.age
            ) as recency,
            row_number() over (
                partition by observation.indicator_code, observation.area_code
                order by observation.period_end desc, observation.period_id, observation.age
            ) as newest
        from {{ ref("fct_observation") }} as observation
        inner join card on observation.indicator_code = card.indicator_code
        where {{ is_headline("observation", "card") }}
    ),

    latest as (select * from headline where recency = 1 and value is not null),

    newest as (select * from headline where newest = 1),

    in_councils as (
        select distinct newest.indicator_code
        from newest
        inner join {{ ref("dim_area") }} as area on newest.area_code = area.area_code
        where area.area_type = 'council'
    ),

    -- Why there is no approximate pool of the newest period, where there could be one.
    pool as (
        select
            pool.indicator_code,
            pool.area_code,
            pool.reason,
            pool.status_note,
            row_number() over (
                partition by pool.indicator_code, pool.area_code
                order by pool.period_end desc, pool.period_id, pool.age
            ) as recency
        from {{ ref("int_pool") }} as pool
        inner join card on pool.indicator_code = card.indicator_code
        where pool.sex = card.headline_sex and pool.age = coalesce(card.headline_age, pool.age)
    ),

    broken_down as (
        select distinct indicator_code, area_code
        from {{ ref("fct_observation") }}
        where breakdown_type <> 'Total' and value is not null
    ),

    missing as (
        select indicator_code, area_code, max(came_end) as came_end
        from {{ ref("int_headline_missing") }}
        group by indicator_code, area_code
    ),

    -- Nobody is late with an indicator whose newer figures came under other people or another length.
    missing_anywhere as (
        select indicator_code, max(came_end) as came_end from missing group by indicator_code
    ),

    newest_verdict as (
        select
            vintage.dataset,
            vintage.part,
            admission.verdict,
            row_number() over (
                partition by vintage.dataset, vintage.part order by vintage.sequence desc
            ) as recency
        from {{ source("raw", "vintage") }} as vintage
        inner join {{ source("raw", "admission") }} as admission on vintage.vintage_id = admission.vintage_id
    ),

    part_state as (
        select
            state.dataset,
            state.part,
            state.mode,
            state.required,
            case
                when verdict.verdict = 'quarantined'
                then 'held_by_check'
                when state.outcome = 'rejected'
                then 'source_rejected'
                when state.outcome = 'failed'
                then 'source_failed'
                when state.outcome = 'not_in_snapshot'
                then 'not_in_snapshot'
                when state.outcome = 'no_data'
                then 'not_published'
                when state.outcome = 'skipped'
                then state.reason
            end as trouble,
            state.outcome = 'skipped' as is_skipped
        from {{ source("raw", "fetch_state") }} as state
        left join
            newest_verdict as verdict
            on state.dataset = verdict.dataset
            and state.part = verdict.part
            and verdict.recency = 1
    ),

    source_state as (
        select
            dataset.indicator_code,
            max(part_state.mode) as mode,
            max(
                case
                    when
                        part_state.required
                        and part_state.trouble in ('held_by_check', 'source_rejected', 'source_failed')
                    then part_state.trouble
                end
            ) as required_trouble,
            max(
                case
                    when part_state.trouble in ('held_by_check', 'source_rejected', 'source_failed')
                    then part_state.trouble
                end
            ) as any_trouble,
            -- Only where nothing was asked at all: another source of the indicator may have answered.
            case
                when min(case when part_state.is_skipped then 1 else 0 end) = 1 then max(part_state.trouble)
            end as skip_reason,
            -- Only a publisher that is asked for integrated care boards could give Cheshire and Merseyside.
            max(case when part_state.part = 'icbs' then 1 else 0 end) as has_icb_source,
            max(dataset.expected_end) as expected_end
        from {{ source("raw", "catalogue_dataset") }} as dataset
        inner join part_state on dataset.dataset = part_state.dataset
        group by dataset.indicator_code
    ),

    expected as (
        select
            dataset.indicator_code,
            min(
                concat_ws('/', cast(dataset.expected_start as string), cast(dataset.expected_end as string))
            ) as period_id
        from {{ source("raw", "catalogue_dataset") }} as dataset
        inner join
            source_state
            on dataset.indicator_code = source_state.indicator_code
            and dataset.expected_end = source_state.expected_end
        group by dataset.indicator_code
    ),

    joined as (
        select
            pair.*,
            latest.period_id as latest_period_id,
            latest.period_end as latest_end,
            expected.period_id as expected_period_id,
            source_state.expected_end,
            source_state.mode,
            source_state.skip_reason,
            coalesce(source_state.has_icb_source, 0) as has_icb_source,
            in_councils.indicator_code is not null as is_in_councils,
            -- A figure is stale when the part that it came from is in trouble; where there is none, any
            -- part that
            -- could have given one is.
            case
                when latest.period_id is not null
                then latest_part.trouble
                when pair.area_type = 'council'
                then source_state.required_trouble
                else source_state.any_trouble
            end as trouble,
            case when latest.derived_by = 'approximate_pool' then latest.status_note end as approximate_note,
            pool.reason as pool_reason,
            pool.status_note as pool_note,
            newest.status as newest_status,
            newest.period_end as newest_end,
            broken_down.indicator_code is not null as has_breakdown,
            missing.indicator_code is not null as is_missing_here,
            missing_anywhere.came_end as missing_end
        from pair
        left join latest on pair.indicator_code = latest.indicator_code and pair.area_code = latest.area_code
        left join
            {{ source("raw", "vintage") }} as latest_vintage on latest.vintage_id = latest_vintage.vintage_id
        left join
            part_state as latest_part
            on latest_vintage.dataset = latest_part.dataset
            and latest_vintage.part = latest_part.part
            and latest_part.trouble in ('held_by_check', 'source_rejected', 'source_failed')
        left join newest on pair.indicator_code = newest.indicator_code and pair.area_code = newest.area_code
        left join
            pool
            on pair.indicator_code = pool.indicator_code
            and pair.area_code = pool.area_code
            and pool.recency = 1
        left join
            broken_down
            on pair.indicator_code = broken_down.indicator_code
            and pair.area_code = broken_down.area_code
        left join
            missing on pair.indicator_code = missing.indicator_code and pair.area_code = missing.area_code
        left join missing_anywhere on pair.indicator_code = missing_anywhere.indicator_code
        left join in_councils on pair.indicator_code = in_councils.indicator_code
        left join source_state on pair.indicator_code = source_state.indicator_code
        left join expected on pair.indicator_code = expected.indicator_code
    )

select
    indicator_code,
    area_code,
    latest_period_id,
    expected_period_id,
    case
        when latest_period_id is null
        then 'empty'
        when trouble is not null
        then 'stale'
        when latest_end >= expected_end
        then 'current'
        else 'late'
    end as state,
    case
        when trouble is not null
        then trouble
        when latest_period_id is not null and latest_end >= expected_end
        then null
        -- The expected period is out, but its figure is hidden: that is nobody's delay.
        when latest_period_id is not null and newest_end >= expected_end and newest_status <> 'not_available'
        then coalesce(pool_reason, newest_status)
        when latest_period_id is not null and newest_end >= expected_end
        then
            case
                when pool_reason is not null
                then pool_reason
                when
                    area_type = 'subregion'
                    and aggregation_rule in ('sum_ratio', 'sum', 'weighted_mean', 'survey_ratio')
                then 'incomplete_councils'
                else 'not_published'
            end
        when latest_period_id is not null and missing_end > latest_end
        then 'headline_breakdown_missing'
        when latest_period_id is not null and skip_reason is not null
        then skip_reason
        when latest_period_id is not null and mode = 'snapshot'
        then 'not_in_snapshot'
        when latest_period_id is not null
        then 'publisher_late'
        when is_missing_here or (area_type = 'subregion' and missing_end is not null and not is_in_councils)
        then 'headline_breakdown_missing'
        when pool_reason is not null
        then pool_reason
        when newest_status in ('suppressed', 'unreliable', 'not_applicable', 'not_published')
        then newest_status
        when empty_reason = 'local_return_not_received' and newest_status = 'not_available'
        then 'local_return_incomplete'
        -- Organisations of the nine councils send returns; nobody sends one for a region or for England.
        when empty_reason = 'local_return_not_received' and area_type in ('region', 'country')
        then 'not_at_this_level'
        -- Figures for regions exist where that is the native level; they are not collected.
        when
            empty_reason = 'not_at_this_level'
            and native_level = 'region'
            and area_type in ('region', 'country')
        then 'not_yet_collected'
        when empty_reason is not null
        then empty_reason
        when has_breakdown
        then 'breakdown_only'
        when skip_reason is not null
        then skip_reason
        -- A life table needs deaths by sex and five-year age, which nobody publishes for councils.
        when area_type = 'subregion' and aggregation_rule = 'life_table' and is_in_councils
        then 'deaths_not_published'
        when mode = 'snapshot' and area_type <> 'subregion'
        then 'not_in_snapshot'
        when area_type = 'subregion' and aggregation_rule in ('sum_ratio', 'sum') and is_in_councils
        then 'incomplete_councils'
        when
            area_type = 'subregion'
            and aggregation_rule in ('weighted_mean', 'survey_ratio')
            and is_in_councils
        then 'weights_not_published'
        when area_type = 'subregion' and mode = 'snapshot' and (has_icb_source = 1 or not is_in_councils)
        then 'not_in_snapshot'
        when area_type = 'subregion' and is_in_councils
        then 'no_lawful_aggregate'
        else 'not_published'
    end as reason,
    case
        when latest_period_id is not null then approximate_note when pool_reason is not null then pool_note
    end as note
from joined
