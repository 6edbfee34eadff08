with
    source as (select * from {{ source("raw", "dwp_children_in_low_income") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,
            area_code,
            area_name,
            key,
            -- A financial year is named after the year in which it ends.
            {{ whole_number_of("key") }} as year,
            share_of_children as value_text,
            -- A number loses its sign and its thousands' separators; a marker stays as it is.
            trim(replace(share_of_children, '%', '')) as share_text,
            contains(share_of_children, '%') as has_sign,
            children as number_text,
            {{ without_thousands("children") }} as bare_number
        from source
    ),

    typed as (
        select
            *,
            {{ number_of("share_text") }} as share,
            {{ number_of("bare_number") }} as number,
            {{ marker_status("share_text") }} as share_marker,
            {{ marker_status("bare_number") }} as number_marker
        from renamed
    ),

    -- A workbook keeps 26.0% as 0.26, an export as text. No council of thousands of children has less than
    -- 1 %, so
    -- that a whole year without a sign and without a share above 1 is one of fractions.
    scaled as (
        select
            *,
            case
                when
                    max(case when has_sign then 1 else 0 end) over (partition by vintage_id, key) = 0
                    and max(share) over (partition by vintage_id, key) <= 1
                then 100 * share
                else share
            end as scaled_share
        from typed
    ),

    figure as (
        select
            *,
            'share' as measure,
            value_text as figure_text,
            scaled_share as value,
            number as numerator,
            share_marker as marker,
            {{ unknown_among(["bare_number"]) }} as is_unknown_beside
        from scaled
        union all
        select
            *,
            'number' as measure,
            number_text as figure_text,
            number as value,
            cast(null as double) as numerator,
            number_marker as marker,
            false as is_unknown_beside
        from scaled
    )

    {{
        staged_figures(
            "figure",
            "measure, numerator",
            sex="'Persons'",
            age="'0-15 yrs'",
            period_label="'FYE ' || key",
            period_length="case when year is not null then '1y' end",
            period_start="make_date(year - 1, 4, 1)",
            period_end="make_date(year, 3, 31)",
            value_text="figure_text",
            unknown_beside="is_unknown_beside",
        )
    }}
