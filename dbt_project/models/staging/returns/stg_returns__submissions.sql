{#- A later submission supersedes earlier ones key by key; its page in the vintage is its place in the order. What
    must be hidden is decided over the rows in force after each submission (see the table return_row), for every
    vintage alike, so that no earlier one shows what is hidden later, nor the reverse. A row that the table does not
    know is hidden. -#}
with
    source as (select * from {{ source("raw", "local_returns") }}),

    trimmed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,
            page,
            trim(indicator_code) as indicator_code,
            trim(org_code) as org_code,
            trim(org_name) as org_name,
            {{ date_of("date_from") }} as period_start,
            {{ date_of("date_to") }} as period_end,
            trim(breakdown_type) as breakdown_type,
            trim(breakdown_value) as breakdown_value,
            trim(numerator) as numerator_text,
            {{ number_of("numerator") }} as numerator,
            {{ number_of("denominator") }} as denominator,
            {{ unknown_among(["numerator", "denominator"]) }} as is_unknown_beside,
            trim(data_status) as data_status,
            nullif(trim(local_definition), '') as local_definition
        from source
    ),

    ordered as (
        select
            *,
            row_number() over (
                partition by
                    vintage_id,
                    indicator_code,
                    org_code,
                    period_start,
                    period_end,
                    breakdown_type,
                    breakdown_value
                order by page desc, source_row desc
            ) as recency
        from trimmed
    ),

    told as (
        select ordered.*, coalesce(known.is_hidden, true) as is_hidden
        from ordered
        left join
            {{ source("raw", "return_row") }} as known
            on ordered.indicator_code = known.indicator_code
            and ordered.org_code = known.org_code
            and ordered.period_start = known.date_from
            and ordered.period_end = known.date_to
            and ordered.breakdown_value = known.breakdown_value
    ),

    described as (
        select
            *,
            coalesce(breakdown_value in ('ALL', 'Total only'), false) as is_whole,
            case
                when is_hidden
                then 'suppressed'
                when data_status = 'nil return'
                then 'not_applicable'
                when data_status = 'not supplied'
                then 'not_available'
                when data_status = 'provisional'
                then 'provisional'
                when data_status = 'estimate'
                then 'estimated'
                when data_status <> 'final'
                then 'unknown_marker'
                when denominator > 0
                then 'normal'
                else 'not_available'
            end as status,
            case
                when is_hidden
                then 'Hidden by disclosure control.'
                when data_status = 'nil return'
                then 'Nil return: the organisation states that there was nothing to report.'
                when data_status = 'not supplied'
                then 'The organisation did not supply this figure.'
                when local_definition is not null
                then 'Local means: ' || local_definition
            end as status_note
        from told
    )

    {{
        staged_figures(
            "described",
            "status, status_note",
            unknown_beside="is_unknown_beside",
            measure="case when recency = 1 then indicator_code else 'superseded' end",
            area_code="'ORG-' || org_code",
            area_name="org_name",
            sex="'Persons'",
            age="'All ages'",
            breakdown_type="case when is_whole then 'Total' else 'Pay band' end",
            breakdown_value="case when is_whole then 'Total' else breakdown_value end",
            period_label="concat_ws('/', cast(period_start as string), cast(period_end as string))",
            value_text="case when not is_hidden then numerator_text end",
            value="case when not is_hidden and denominator > 0 then 100 * numerator / denominator end",
            numerator="case when not is_hidden then numerator end",
            denominator="case when not is_hidden then denominator end",
        )
    }}
