"""Which dataset gets which bad input, and what the home must then say: the table that the tests go through.

Belongs here: one entry a fault. Does not belong here: how it is done (`support.damage`), the assertions (the tests).
Each fault has a dataset of its own, so that one refresh shows all of them beside each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from support import damage
from support.bundled import Overlay
from support.damage import served

MAX_BYTES = 5_000_000
"""The limit in force: twice the largest good body."""
PAUSE = 1
"""Seconds that the busy publisher asks for."""
NOTE_IN_WINDOWS_1252 = "Use with caution \N{EN DASH} the survey\N{RIGHT SINGLE QUOTATION MARK}s mode changed"


@dataclass(frozen=True)
class Fault:
    """One bad input and what must come of it.

    kind: failed (no bytes came), rejected (bytes came and are not the table), held (a check held them).
    reason: the code in receipt or verdict. says, mend: words that carry the meaning.
    tries: requests that the receipt must count. parses: whether the bytes get as far as raw.
    """

    name: str
    dataset: str
    overlay: Overlay
    kind: Literal["failed", "rejected", "quarantined"]
    reason: str
    says: tuple[str, ...]
    remedy: tuple[str, ...]
    tries: int = 1
    parses: bool = False

    @property
    def coverage_reason(self) -> str:
        return {"failed": "source_failed", "rejected": "source_rejected", "quarantined": "held_by_check"}[self.kind]


def faults(stranger_url: Callable[[], str]) -> list[Fault]:
    """All of them. `stranger_url` gives the address of a host outside the catalogue."""
    return [
        # No bytes that could be used came at all.
        Fault(
            "shorter_than_declared",
            "ons_els_modelled_unemployment",
            damage.shorter_than_declared,
            "failed",
            "truncated",
            says=("modelled-unemployment", "declared", "after 5 attempts"),
            remedy=("ask again later", "publisher"),
            tries=5,
        ),
        Fault(
            "connection_cut",
            "ons_els_economic_inactivity_rate",
            damage.cut_by_reset,
            "failed",
            "truncated",
            says=("economic-inactivity-rate", "cut off", "reset", "after 5 attempts"),
            remedy=("ask again later", "publisher"),
            tries=5,
        ),
        Fault(
            "server_error_five_times",
            "ons_els_employment_rate",
            damage.server_error,
            "failed",
            "server_error",
            says=("employment-rate", "500", "after 5 attempts"),
            remedy=("ask again later", "publisher"),
            tries=5,
        ),
        Fault(
            "body_over_the_limit",
            "ons_els_housing_affordability_ratio",
            damage.without_end(most=40 * MAX_BYTES),
            "failed",
            "too_large",
            says=("over the limit", f"{MAX_BYTES:,}"),
            remedy=("engineer", "raise the dataset's limit"),
        ),
        Fault(
            "redirect_outside_the_catalogue",
            "ons_els_children_in_relative_poverty_before_housing",
            damage.redirect(stranger_url),
            "failed",
            "redirect_refused",
            says=("302", "not one of the allowed hosts"),
            remedy=("engineer", "catalogue", "tell the publisher"),
        ),
        # Bytes came and were kept, but they are not the table.
        Fault(
            "cut_without_a_length",
            "fingertips_93014",
            damage.cut_in_a_line,
            "rejected",
            "truncated_body",
            says=("middle of a line", "bytes"),
            remedy=("next refresh asks again",),
        ),
        Fault(
            "error_page_with_status_200",
            "ons_els_wellbeing_satisfaction",
            damage.error_page,
            "rejected",
            "html_body",
            says=("web page", "not a table", "<!DOCTYPE html>"),
            remedy=("proxy", "browser"),
        ),
        Fault(
            "empty_body",
            "ons_els_early_years_communication_language",
            served(damage.empty),
            "rejected",
            "empty_body",
            says=("empty", "0 bytes"),
            remedy=("next refresh asks again", "write to the publisher"),
        ),
        Fault(
            "heading_alone",
            "ons_els_early_years_literacy",
            served(damage.heading_alone),
            "rejected",
            "header_only",
            says=("heading", "no rows"),
            remedy=("renamed", "engineer", "source_id", "https://"),
        ),
        Fault(
            "renamed_column",
            "fingertips_90631",
            served(damage.renamed("Area Code", "AreaCode")),
            "rejected",
            "missing_column",
            says=("no longer has", "area_code", "renamed to areacode"),
            remedy=("engineer", "catalogue", "staging model"),
        ),
        Fault(
            "missing_column",
            "ons_els_wellbeing_happiness",
            served(damage.without_column("period")),
            "rejected",
            "missing_column",
            says=("no longer has", "period"),
            remedy=("engineer", "catalogue", "staging model"),
        ),
        Fault(
            "no_text_at_all",
            "ons_els_wellbeing_anxiety",
            served(damage.binary),
            "rejected",
            "wrong_encoding",
            says=("not text", "utf-8", "cp1252"),
            remedy=("browser", "engineer", "encoding"),
        ),
        Fault(
            "rows_of_another_indicator",
            "fingertips_92901",
            served(damage.of_another_indicator("90366")),
            "rejected",
            "other_indicator",
            says=("Asked for indicator 92901", "90366"),
            remedy=("engineer", "the old and the new number", "`moved`", "collection's YAML"),
            parses=True,
        ),
        Fault(
            "ragged_row",
            "fingertips_92796",
            served(damage.ragged),
            "rejected",
            "ragged_rows",
            says=("does not fit the heading", "27 columns"),
            remedy=("next refresh asks again", "write to the publisher"),
        ),
        Fault(
            "decimal_comma",
            "fingertips_93439",
            served(damage.in_rows(b".", b",")),
            "rejected",
            "ragged_rows",
            says=("Line", "does not fit the heading"),
            remedy=("next refresh asks again", "write to the publisher"),
        ),
        Fault(
            "stray_quote",
            "fingertips_93378",
            served(damage.in_rows(b",Liverpool", b',"Liverpool')),
            "rejected",
            "stray_quote",
            says=("Line", "double quote"),
            remedy=("next refresh asks again", "write to the publisher"),
        ),
        Fault(
            "quote_in_the_heading",
            "fingertips_93758",
            served(damage.quote_in_the_heading),
            "rejected",
            "stray_quote",
            says=("Line 1 has a double quote",),
            remedy=("next refresh asks again", "write to the publisher"),
        ),
        Fault(
            "swapped_headings",
            "fingertips_93440",
            served(damage.swapped_headings("Lower CI 95.0 limit", "Upper CI 95.0 limit")),
            "rejected",
            "heading_changed",
            says=("rows are as in the vintage before", "upper_ci_95_0_limit where it had lower_ci_95_0_limit"),
            remedy=("engineer", "publisher's page"),
        ),
        # The table came whole, and what it says cannot be believed.
        Fault(
            "keys_twice_that_disagree",
            "fingertips_21001",
            served(damage.doubled_with_another_value),
            "quarantined",
            "staged_rows.one_figure_a_key",
            says=("disagree", "cannot both be right"),
            remedy=("write to the publisher", "last good figures stay"),
            parses=True,
        ),
        Fault(
            "value_outside_its_interval",
            "fingertips_93015",
            served(damage.value_outside_its_interval),
            "quarantined",
            "staged_rows.value_not_above_its_interval",
            says=("95 % interval", "shifted columns"),
            remedy=("engineer", "staging model", "write to the publisher"),
            parses=True,
        ),
        Fault(
            "zero_with_a_note_of_suppression",
            "fingertips_90813",
            served(damage.zero_with_the_note),
            "quarantined",
            "staged_rows.suppressed_has_no_value",
            says=("suppressed", "false zero", "disclosure"),
            remedy=("Tell the publisher", "without passing the number on"),
            parses=True,
        ),
        Fault(
            "zero_where_a_figure_was_suppressed",
            "fingertips_93203",
            served(damage.zero_without_the_note),
            "quarantined",
            "staged_rows.no_zero_after_suppression",
            says=("suppressed", "zero", "without its marker"),
            remedy=("Ask the publisher", "real zero"),
            parses=True,
        ),
        Fault(
            "half_the_councils_missing",
            "ons_els_children_in_relative_poverty_after_housing",
            served(damage.half_the_councils),
            "quarantined",
            "staged_vintages.most_figures_are_still_there",
            says=(
                "All figures of areas ",
                " are gone; nothing came instead.",
                "more than a fifth of its earlier figures",
            ),
            remedy=("publisher's page", "atf admit"),
            parses=True,
        ),
        Fault(
            "another_age_band",
            "fingertips_93881",
            served(damage.in_column("Age", "18+ yrs", "16+ yrs")),
            "quarantined",
            "staged_vintages.most_figures_are_still_there",
            says=("All figures of age 18+ yrs are gone; 16+ yrs came instead.",),
            remedy=("publisher's page", "atf admit"),
            parses=True,
        ),
        Fault(
            "unit_switch",
            "ons_els_gcses_equivalent_english_maths",
            served(damage.as_shares_of_one),
            "quarantined",
            "staged_vintages.unit_did_not_switch",
            says=("The figures are about 0.01 times what they were.", "another unit"),
            remedy=("publisher's notes", "engineer"),
            parses=True,
        ),
    ]


REVISED = "fingertips_93283"
"""Comes with a genuinely revised figure and a new period while all the others are damaged."""
BUSY = "ons_els_claimant_count"
ADDED_COLUMN = "ons_els_early_years_mathematics"
WINDOWS_1252 = "fingertips_90632"
UTF_16 = "ons_els_healthy_life_expectancy_female"
WITH_ETAG = "ons_els_wellbeing_worthwhile"
WITHDRAWN_LATER = "ons_els_gross_median_weekly_pay"
"""Serves less at last, lawfully: the mart is built again, and figures that somebody lost are missed."""

HALF_A_YEAR = "fingertips_90284"
"""Comes with a year that is made of half a year: published, and told with a warning."""
SUPPRESSED_LATER = "fingertips_93436"
"""Four councils' newest figures are suppressed, which is nobody's new period."""

FAILS_OTHERWISE = "ons_els_economic_inactivity_rate"
"""Is cut off in the damaged refresh, and answers with 500 in the one after it."""

ACCEPTED: dict[str, Overlay] = {
    REVISED: served(damage.revised_with_a_new_period),
    BUSY: damage.busy_once(PAUSE, damage.revised_els_figure),
    ADDED_COLUMN: served(damage.with_column("notes", "provisional")),
    WINDOWS_1252: served(damage.in_windows_1252(NOTE_IN_WINDOWS_1252)),
    UTF_16: served(damage.in_utf_16),
    HALF_A_YEAR: served(damage.half_a_year),
    SUPPRESSED_LATER: served(damage.four_suppressed),
}
"""Unusual and good: dataset -> how it is answered beside the faults."""
SUPPRESSED_FROM_THE_START = "fingertips_93203"
