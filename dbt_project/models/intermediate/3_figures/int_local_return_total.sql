{#- Local returns summed over the organisations of a place: sum over sum, never a mean of percentages. Null where a
    sum would reveal a hidden figure, where an organisation that reported did not supply its part, and for Cheshire and
    Merseyside unless every council's place reported. -#}
with
    total as (
        select
            total.*,
            concat_ws('/', cast(total.date_from as string), cast(total.date_to as string)) as period_id,
            case
                when total.breakdown_value in ('ALL', 'Total only') then 'Total' else 'Pay band'
            end as breakdown_type,
            case
                when total.breakdown_value in ('ALL', 'Total only') then 'Total' else total.breakdown_value
            end as breakdown_group,
            indicator.multiplier,
            indicator.ci_method,
            not total.is_hidden
            and total.n_supplied = total.n_organisations
            and total.n_included = total.n_expected
            and total.denominator > 0 as is_shown
        from {{ source("raw", "return_total") }} as total
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on total.indicator_code = indicator.indicator_code
    ),

    provenance as (
        select dataset.indicator_code, vintage.vintage_id, vintage.seen_at, vintage.pages
        from {{ ref("int_vintage_in_force") }} as in_force
        inner join {{ source("raw", "vintage") }} as vintage on in_force.vintage_id = vintage.vintage_id
        inner join
            {{ source("raw", "catalogue_dataset") }} as dataset
            on in_force.dataset = dataset.dataset
            and dataset.source_table = 'local_returns'
    ),

    limited as (
        select
            total.*,
            provenance.vintage_id,
            provenance.seen_at as first_seen_at,
            numerator / denominator as ratio,
            {% for level in ["95", "998"] %}
                case
                    when ci_method = 'wilson' then {{ wilson_limit("numerator", "denominator", level, "-") }}
                end as lower_{{ level }},
                case
                    when ci_method = 'wilson' then {{ wilson_limit("numerator", "denominator", level, "+") }}
                end as upper_{{ level }}
                {% if not loop.last %},{% endif %}
            {% endfor %}
        from total
        -- The sums of exactly the submissions that were admitted.
        inner join
            provenance
            on total.indicator_code = provenance.indicator_code
            and total.n_submissions = provenance.pages
    )

select
    indicator_code,
    area_code,
    period_id,
    date_from as period_start,
    date_to as period_end,
    'Persons' as sex,
    'All ages' as age,
    breakdown_type,
    breakdown_group as breakdown_value,
    case when is_shown then multiplier * ratio end as value,
    case when is_shown then numerator end as numerator,
    case when is_shown then denominator end as denominator,
    case when is_shown then multiplier * lower_95 end as lci_95,
    case when is_shown then multiplier * upper_95 end as uci_95,
    case when is_shown then multiplier * lower_998 end as lci_998,
    case when is_shown then multiplier * upper_998 end as uci_998,
    case when is_shown and lower_95 is not null then ci_method else 'none' end as ci_method,
    case
        when is_hidden
        then 'suppressed'
        when n_supplied < n_organisations or n_included < n_expected
        then 'not_available'
        when denominator > 0
        then 'estimated'
        else 'not_applicable'
    end as status,
    case
        when is_hidden
        then 'Hidden by disclosure control.'
        when n_supplied < n_organisations
        then
            concat_ws(
                ' ', n_supplied, 'of', n_organisations, 'organisations that reported supplied the figure.'
            )
        when n_included < n_expected
        then concat_ws(' ', 'Organisations of', n_included, 'of', n_expected, 'councils reported.')
        when denominator > 0
        then concat_ws(' ', 'Sum over', n_organisations, 'organisations that reported; others may not have.')
        else 'Nil returns only.'
    end as status_note,
    n_expected as n_areas_expected,
    n_included as n_areas_included,
    vintage_id,
    first_seen_at
from limited
