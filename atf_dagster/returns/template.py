"""The template of a local return: its columns in order and the values that each may hold.

Belongs here: names, allowed values and their descriptions, which templates and errors quote. Does not belong here:
judging a file (`check`), any figure.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of the template."""

    what: str
    allowed: str
    indicators: str = "all"


@dataclass(frozen=True)
class Form:
    """What is fixed for one indicator."""

    period_type: str
    numerator_unit: str
    denominator_unit: str
    breakdown_type: str
    total: str
    """The breakdown_value of the row for the whole organisation."""
    whole_numbers: bool = False
    needs_local_definition: bool = True
    counts_unknown: bool = False


FORMS: Mapping[str, Form] = {
    "ATF12": Form("financial_year", "FTE", "FTE", "Total", "Total only"),
    "ATF20": Form(
        "snapshot",
        "headcount",
        "headcount",
        "band",
        "ALL",
        whole_numbers=True,
        needs_local_definition=False,
        counts_unknown=True,
    ),
    "ATF21": Form("financial_year", "GBP", "GBP", "Total", "Total only"),
}

BANDS = (
    "Under Band 1",
    *(f"Band {number}" for number in range(1, 8)),
    *(f"Band 8{letter}" for letter in "abcd"),
    "Band 9",
    "VSM",
    "Medical and dental",
)
"""Agenda for Change clusters as in indicator 1 of the Workforce Race Equality Standard."""
GRADE = "Grade "
"""Councils' own pay grades begin with this word."""

NIL, NOT_SUPPLIED = "nil return", "not supplied"
GIVEN = ("final", "provisional", "estimate")
DATA_STATUSES = (*GIVEN, NIL, NOT_SUPPLIED)
SUPPRESS = "suppress"
BREAK = "BREAK:"

COLUMNS: Mapping[str, Column] = {
    "indicator_code": Column("The indicator that the row answers", "one of " + ", ".join(FORMS)),
    "org_code": Column(
        "The organisation whose figure it is",
        "an ODS code (three to five capitals and digits) for the NHS, or the GSS code of one of the nine councils",
    ),
    "org_name": Column("The organisation's name", "text"),
    "area_code": Column(
        "The place that the organisation serves",
        "the GSS code of one of the nine councils (a council gives its own), or E54000008 where it serves several "
        "places; one place for an organisation, indicator and period, because nothing is ever apportioned",
    ),
    "date_from": Column(
        "First day of the period", "YYYY-MM-DD; 1 April for ATF12 and ATF21, 31 March for ATF20; not in the future"
    ),
    "date_to": Column(
        "Last day of the period", "YYYY-MM-DD; the next 31 March for ATF12 and ATF21, the same 31 March for ATF20"
    ),
    "period_type": Column("Kind of period", "financial_year for ATF12 and ATF21, snapshot for ATF20"),
    "breakdown_type": Column("What the figure is broken down by", "Total for ATF12 and ATF21, band for ATF20"),
    "breakdown_value": Column(
        "Which part of the organisation",
        "Total only for ATF12 and ATF21; for ATF20 a row ALL and, where there are any, a row a band: "
        + ", ".join(BANDS)
        + ", or a council's grade as text beginning with 'Grade '",
    ),
    "numerator": Column(
        "ATF12 local employees, ATF20 staff from an ethnic minority background, ATF21 spend in the local supply chain",
        "plain digits such as those of a calculator: no thousands separator, no £, no %, not negative, at most the "
        "denominator; whole people for ATF20; 0 for a nil return; blank when not supplied",
    ),
    "denominator": Column(
        "ATF12 all employees on the contracts, ATF20 staff of known ethnicity, ATF21 all spend through contracts",
        "as numerator, and more than 0; 0 for a nil return; blank when not supplied",
    ),
    "numerator_unit": Column("Unit of the numerator", "FTE for ATF12, headcount for ATF20, GBP for ATF21"),
    "denominator_unit": Column("Unit of the denominator", "FTE for ATF12, headcount for ATF20, GBP for ATF21"),
    "unknown_count": Column(
        "Staff of unknown ethnicity, who are not part of the denominator",
        "a whole number, 0 where there is nobody; blank when not supplied; blank for ATF12 and ATF21",
        "ATF20",
    ),
    "local_definition": Column(
        "How the organisation defines 'local'",
        "text, the same in every period; a change needs notes that begin with BREAK:",
        "ATF12, ATF21",
    ),
    "data_status": Column(
        "How firm the figure is",
        "final, provisional or estimate: both figures are given and a numerator of 0 is a real zero; nil return: "
        "there was nothing to report, numerator 0 and denominator 0; not supplied: the figures are missing, both "
        "blank, and notes say why",
    ),
    "suppression_flag": Column("Whether the organisation asks that the row be hidden", "blank or suppress"),
    "submitted_by_role": Column("Role of the submitter, never a person's name", "such as workforce information team"),
    "submitted_at": Column("When the row was completed", "YYYY-MM-DD or YYYY-MM-DDThh:mm:ss; not in the future"),
    "notes": Column("Anything a reader must know", "text; required when not supplied; begins with BREAK: for a break"),
}


def template_csv(indicator: str | None = None) -> str:
    """The heading. For one indicator also its rows, with its fixed cells filled in and every figure blank."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(COLUMNS), lineterminator="\r\n")
    writer.writeheader()
    if indicator is not None:
        form = FORMS[indicator]
        for value in (form.total, *(BANDS if form.counts_unknown else ())):
            fixed = {
                "indicator_code": indicator,
                "period_type": form.period_type,
                "breakdown_type": form.breakdown_type,
                "breakdown_value": value,
                "numerator_unit": form.numerator_unit,
                "denominator_unit": form.denominator_unit,
            }
            writer.writerow(fixed)
    return stream.getvalue()


LICENCE = (
    "By submitting, the organisation agrees that what disclosure control leaves of its figures is published under the "
    "Open Government Licence v3.0. Nothing else of the file is published.\n"
)


def guidance() -> str:
    """What submitting means, and one line a column: its meaning, its allowed values, its indicators."""
    return LICENCE + "".join(
        f"{name}: {column.what}. Allowed: {column.allowed}. Indicators: {column.indicators}.\n"
        for name, column in COLUMNS.items()
    )
