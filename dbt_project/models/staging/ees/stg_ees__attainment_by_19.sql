with
    source as (select * from {{ source("raw", "ees_attainment_by_19") }}),

    area as (
        select area_code, names
        from {{ source("raw", "catalogue_area") }}
        where area_type in ('region', 'country')
    ),

    -- `a.ALL` and `b.North West` of older files without the letter that sorted them.
    unsorted as (
        select
            *,
            {% for column in ["region", "gender", "fsm", "sen"] %}
                case
                    when regexp_extract({{ column }}, '^([a-z][.])', 1) <> ''
                    then substring({{ column }}, 3)
                    else {{ column }}
                end as plain_{{ column }} {{ "," if not loop.last }}
            {% endfor %}
        from source
    ),

    plain as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,
            trim(cohort_19_in) as cohort,
            plain_region as region,
            la_code_9,
            la_code_3,
            la_name,
            plain_gender as sex,
            plain_fsm as free_school_meals,
            plain_sen as special_needs,
            number_in_ss_cohort,
            l2_by19,
            l2_by19_rate,
            l3_by19,
            l3_by19_rate
        from unsorted
    ),

    located as (
        select
            plain.*,
            plain.la_name = 'ALL' as is_region,
            case
                when plain.la_name <> 'ALL'
                then coalesce({{ ees_gss("plain.la_code_9") }}, {{ ees_gss_by_number("plain.la_code_3") }})
                -- England is the region of all regions there.
                when plain.region = 'ALL'
                then 'E92000001'
                else area.area_code
            end as area_code
        from plain
        left join area on plain.la_name = 'ALL' and instr(area.names, '|' || plain.region || '|') > 0
    ),

    measured as (
        {% for measure in ["l2_by19", "l3_by19"] %}
            select
                vintage_id,
                dataset,
                part,
                source_row,
                '{{ measure }}' as measure,
                area_code,
                case
                    when not is_region then la_name when region = 'ALL' then 'England' else region
                end as area_name,
                sex,
                free_school_meals,
                special_needs,
                cohort,
                {{ measure }}_rate as value_text,
                {{ number_of(measure ~ "_rate") }} as rate,
                {{ number_of(measure) }} as numerator,
                {{ number_of("number_in_ss_cohort") }} as denominator,
                coalesce({{ marker_status(measure ~ "_rate") }}, {{ marker_status(measure) }}) as marker,
                {{ unknown_among([measure, "number_in_ss_cohort"]) }} as is_unknown_beside,
                max({{ number_of(measure) }}) over (partition by vintage_id, cohort) as largest_numerator
            from located
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    -- Releases carry cohorts that are not yet 19, with a zero for every area and group.
    judged as (
        select
            *,
            coalesce(largest_numerator = 0, false) as is_not_yet_19,
            -- A cohort is named after the year in which its academic year ends.
            case
                when regexp_extract(cohort, '^([0-9]{4})$', 1) <> ''
                then make_date({{ digits_of("cohort") }} - 1, 9, 1)
            end as period_start
        from measured
    ),

    described as (
        select
            *,
            -- A figure that is not there yet is nobody's newest figure: no indicator takes it.
            case when is_not_yet_19 then measure || ', cohort not yet 19' else measure end as measure_taken,
            case
                when free_school_meals = 'ALL' and special_needs = 'ALL'
                then 'Total'
                when special_needs = 'ALL'
                then 'Free school meals'
                when free_school_meals = 'ALL'
                then 'Special educational needs'
                else 'Free school meals and special educational needs'
            end as breakdown_type,
            case
                when free_school_meals = 'ALL' and special_needs = 'ALL'
                then 'Total'
                when special_needs = 'ALL'
                then {{ ees_eligible("free_school_meals") }}
                when free_school_meals = 'ALL'
                then special_needs
                else {{ ees_eligible("free_school_meals") }} || ', ' || special_needs
            end as breakdown_value,
            case
                when is_not_yet_19
                then null
                -- The rate is the quotient of the counts, printed with as many digits as the release had room
                -- for: what differs in digits only is one and the same figure. Where the counts are
                -- rounded, the
                -- printed rate knows more.
                when denominator > 0 and abs(rate - 100 * numerator / denominator) < 0.0000001
                then 100 * numerator / denominator
                else rate
            end as value,
            case
                when is_not_yet_19 then 'not_available' else {{ figure_status("marker", "rate") }}
            end as status,
            case
                when is_not_yet_19
                then
                    'The publisher gives zero for every area: the cohort was not yet 19 when the table came out.'
            end as status_note
        from judged
    )

    {{
        staged_figures(
            "described",
            "sex, breakdown_type, breakdown_value, denominator, status, status_note",
            measure="measure_taken",
            age="'19 yrs'",
            period_label="cohort",
            period_length="'1y'",
            period_end=years_end("period_start", "1"),
            numerator="case when not is_not_yet_19 then numerator end",
            unknown_beside="is_unknown_beside",
        )
    }}
