with
    worded as (
        select
            *,
            lower(title) like '%half width%' as is_half_width,
            case
                left(upper(sheet), 6)
                when 'CW0301'
                then 'walking or cycling'
                when 'CW0302'
                then 'cycling'
                when 'CW0303'
                then 'walking'
            end as mode,
            case
                when lower(key) like '%travel%'
                then 'travel'
                when lower(key) like '%leisure%'
                then 'leisure'
                else 'any purpose'
            end as purpose,
            case
                when lower(key) like '%three times per week'
                then 'at least 3 times per week'
                when lower(key) like '%five times per week'
                then 'at least 5 times per week'
                else 'at least ' || regexp_extract(lower(key), '(once per [a-z]+)$', 1)
            end as frequency,
            {{ digits_of("nullif(regexp_extract(title, '(20[0-9]{2})-20[0-9]{2}', 1), '')") }} as first_year
        from {{ source("raw", "dft_walking_cycling_2018") }}
    ),

    -- The estimate and the half width of its interval stand in two sheets.
    paired as (
        select
            vintage_id,
            dataset,
            part,
            min(row_number) as source_row,
            count(*) as source_rows,
            concat_ws(', ', mode, purpose, frequency) as measure,
            area_code,
            max(area_name) as area_name,
            first_year,
            max(case when not is_half_width then share_of_adults end) as share_of_adults,
            max(case when is_half_width then share_of_adults end) as half_width,
            sum(case when is_half_width then 0 else 1 end) > 1
            or sum(case when is_half_width then 1 else 0 end) > 1 as is_contradictory
        from worded
        group by vintage_id, dataset, part, area_code, mode, purpose, frequency, first_year
    ),

    typed as (
        select
            *,
            {{ value_of("share_of_adults") }},
            {{ number_of("half_width") }} as half,
            {{ unknown_among(["half_width"]) }} or is_contradictory as is_unknown_beside
        from paired
    )

    -- The survey's years run from mid-November. A share is between nothing and everybody, and so are its
    -- limits.
    {{
        staged_figures(
            "typed",
            "source_rows, measure",
            unknown_beside="is_unknown_beside",
            sex="'Persons'",
            age="'16+ yrs'",
            period_label="cast(first_year as string) || '/' || right(cast(first_year + 1 as string), 2)",
            period_length="case when first_year is not null then '1y' end",
            period_start="make_date(first_year, 11, 16)",
            period_end="make_date(first_year + 1, 11, 15)",
            value_text="share_of_adults",
            lci_95="case when value - half < 0 then 0 else value - half end",
            uci_95="case when value + half > 100 then 100 else value + half end",
        )
    }}
