"""What publishers write as text becomes a number, a day, an age band or a sex by its form, and nothing is guessed.

Belongs here: the macros texts.sql, markers.sql and people.sql, and `label_start`, compiled by dbt and run by DuckDB on
one text after another; that no other SQL casts text. Does not belong here: the staging models that use them (their own
unit tests), what admission does with the outcome (tests/quality).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from test_portable_sql import FILES, PROJECT

from atf_dagster.catalogue import load
from support.dbt_warehouse import Warehouse

CALLS = {
    "number": "number_of('said')",
    "whole": "whole_number_of('said')",
    "day": "date_of('said')",
    "marker": "marker_status('said')",
    "word": "word_status('said')",
    "unknown": "unknown_among(['said'])",
    "thousands": "number_of(without_thousands('said'))",
    "age": "age_words('said')",
    "sex": "sex_words('said')",
    # The form that every engine has, beside DuckDB's own.
    "fits": r"fits('said', ' *[0-9]+ *|x')",
    "fits_everywhere": r"default__fits('said', ' *[0-9]+ *|x')",
    **{
        f"start_{kind}": f"label_start('said', '{month}', '{day}')"
        for kind, (month, day) in {
            "calendar": (1, 1),
            "financial": (4, 1),
            "academic": (9, 1),
            "mid_november": (11, 16),
        }.items()
    },
}
Read = Callable[[str, str | None], Any]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """What a macro makes of a text."""
    folder = tmp_path_factory.mktemp("texts")
    columns = ", ".join(f"{{{{ {call} }}}} as {name}" for name, call in CALLS.items())
    sql = Warehouse(folder, folder / "warehouse.duckdb").compiled(f"select {columns} from cases")
    connection = duckdb.connect()
    connection.execute("create table cases (said varchar)")

    def made(name: str, text: str | None) -> Any:
        connection.execute("delete from cases")
        connection.execute("insert into cases values (?)", [text])
        [found] = connection.execute(f"select {name} from ({sql})").fetchall()
        return found[0]

    return made


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4.85", 4.85),
        (" 12 ", 12.0),
        ("-0.3", -0.3),
        ("+5", 5.0),
        (".5", 0.5),
        ("007", 7.0),
        ("7.0000000000000007E-2", 0.07),  # as workbooks store it
        ("1e5", 100_000.0),
        ("1E+2", 100.0),
        ("0.30000000000000004", 0.3),
    ],
)
def test_a_finite_number_is_a_number(read: Read, text: str, number: float) -> None:
    assert read("number", text) == pytest.approx(number)
    assert read("marker", text) is None
    assert read("unknown", text) is False


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "nan", "-nan", "NAN", "inf", "-inf", "+inf", "Infinity", "infinity", "1e999", "1e400", "-1e999"),
        *("9" * 400, "1" * 16, "1e100", "1e-400", "0x10", "0b1", "1_000", "1__0", "1d", "1f", "1L", "10D", "1e", "e5"),
        *("+", ".", "5.", "-.", "--5", "+-5", "1.2.3", "1,000", "4,85", "1 000", "12%", "£5", "(5)", "12 [r]", "½"),
        *("\uff11\uff12", "٣", "12\u00a0", "12\t", "12\n", "true", "#N/A", "#DIV/0!", "?", "suppressed", "[d]"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_what_is_neither_a_number_nor_a_known_marker_is_an_unknown_marker(read: Read, text: str) -> None:
    assert read("number", text) is None
    assert read("marker", text) == "unknown_marker"
    assert read("word", text) == "unknown_marker"
    assert read("unknown", text) is True


@pytest.mark.parametrize(
    ("text", "status"),
    [
        *(("c", "suppressed"), ("[c]", "suppressed"), ("*", "suppressed"), ("z", "not_applicable")),
        *(("x", "not_available"), ("[x]", "not_available"), ("..", "not_available"), ("-", "not_available")),
        *(("low", "not_available"), ("U", "unreliable"), ("[p]", "provisional"), ("r", "revised"), ("b", "break")),
    ],
)
def test_known_shorthand_is_no_number_and_no_unknown_marker(read: Read, text: str, status: str) -> None:
    assert read("number", text) is None
    assert read("marker", text) == read("word", text) == status
    assert read("unknown", text) is False


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_blank_cell_says_nothing(read: Read, text: str | None) -> None:
    assert [read(name, text) for name in ("number", "whole", "day", "marker", "word")] == [None] * 5
    assert read("unknown", text) is False


@pytest.mark.parametrize("text", ["85", "4.85", "0", "1e5"])
def test_a_number_in_a_column_of_statuses_is_an_unknown_word(read: Read, text: str) -> None:
    assert read("word", text) == "unknown_marker"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2025", 2025),
        ("33.0", 33),
        ("-4", -4),
        *((bad, None) for bad in ("12.7", "1e5", "0x10", "1_0", "2019/20", "9" * 10)),
    ],
)
def test_a_whole_number_is_never_rounded(read: Read, text: str, number: int | None) -> None:
    assert read("whole", text) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-03-31", dt.date(2025, 3, 31)),
        (" 2024-02-29 ", dt.date(2024, 2, 29)),
        *((bad, None) for bad in ("2022", "2022-01", "+2022", "2022-1-1", "2022/01/01", "01/02/2022", "20220101")),
        *((bad, None) for bad in ("2022-02-30", "2022-13-01", "2022-01-01 00:00:00", "2022-01-01T00:00:00Z", "epoch")),
        *(
            (bad, None)
            for bad in (
                "infinity",
                "today",
                "2022-01-01 (BC)",
                "\uff12\uff10\uff12\uff12-01-01",
                "2022-01-01\n",
                "44562",
            )
        ),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_only_a_whole_iso_date_is_a_day(read: Read, text: str, day: dt.date | None) -> None:
    assert read("day", text) == day


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234", 1234.0),
        ("12,345,678", 12_345_678.0),
        ("-1,234.5", -1234.5),
        ("999", 999.0),
        *((bad, None) for bad in ("4,85", "1234,567", "1,23", ",123", "1,,234", "1,2345", "1.234,5")),
    ],
)
def test_commas_go_only_from_between_thousands(read: Read, text: str, number: float | None) -> None:
    assert read("thousands", text) == number


@pytest.mark.parametrize("text", [None, "", "12", " 12 ", "x", "12\n", "x12", "12x", "1 2"])
def test_the_engines_own_way_to_compare_a_form_answers_as_the_common_one(read: Read, text: str | None) -> None:
    assert read("fits", text) == read("fits_everywhere", text)


CATALOGUE = load()
BANDS = {
    *(card.headline_age for card in CATALOGUE.indicators),
    *(dataset.age for _, dataset in CATALOGUE.datasets),
    *(entry.age for _, dataset in CATALOGUE.datasets for entry in dataset.yields),
} - {None}
PUBLISHED = (
    *("19+ yrs", "<15 yrs", "<16 yrs", "<65 yrs", "<75 yrs", "85+ yrs", "0-4 yrs", "5-9 yrs", "18-24 yrs", "75-84 yrs"),
    *("5 yrs", "16-17 yrs", "90+ yrs", "All ages"),
)
"""Forms of OHID's files."""


@pytest.mark.parametrize("band", sorted({*BANDS, *PUBLISHED}, key=str))
def test_an_age_of_the_catalogue_or_of_ohid_stays_as_it_is(read: Read, band: str) -> None:
    assert read("age", band) == band


@pytest.mark.parametrize(
    ("said", "band"),
    [
        *((said, "All ages") for said in ("All Ages", "ALL AGES", "all", "All", " All ages ", "Total")),
        *(
            (said, "19+ yrs")
            for said in ("19+ years", "19 years and over", "19 and over", "Aged 19+", "19+", "19 plus")
        ),
        *((said, "18+ yrs") for said in ("18 years and over", "18+ yrs", "18 and above", "aged 18 or over", "≥18")),
        *((said, "65+ yrs") for said in ("Aged 65+", "65+", "65 yrs +", "65 years or older", "Aged 65 and over")),
        *((said, "90+ yrs") for said in ("90+", "90 and over")),
        # A web page's spaces: one that does not break, and several in a row.
        *((said, "19+ yrs") for said in ("19+\u00a0yrs", "19+  yrs", "19 \u00a0years  and over")),
        *((said, "All ages") for said in ("All  ages", "All\u00a0Ages")),
        *((said, "5-9 yrs") for said in ("5-9 year olds", "5 to 9  years  old")),
        *((said, "<75 yrs") for said in ("under 75", "Under 75s", "< 75 yrs", "<75", "under 75 years", "Below 75")),
        *((said, "<15 yrs") for said in ("<15 years", "Aged under 15")),
        *(
            (said, "16-64 yrs")
            for said in ("16-64", "16 to 64 years", "Aged 16 to 64", "16\u201364 years", "16 - 64 yrs")
        ),
        *((said, "0-15 yrs") for said in ("Aged 0 to 15", "0-15", "00_15", "Age 0 - 15", "between 0 to 15")),
        *((said, "16-17 yrs") for said in ("16-17", "16 to 17")),
        *((said, "0-4 yrs") for said in ("00_04", "Age 0 - 4", "0 to 4")),
        *((said, "15-44 yrs") for said in ("15_44",)),
        *((said, "16-24 yrs") for said in ("Aged 16 to 24",)),
        *((said, "10 yrs") for said in ("Age 10", "10", "10 years", "10 year old", "10 years old")),
        *((said, "0 yrs") for said in ("0", "Age 0")),
        *((said, "100+ yrs") for said in ("100+", "100 years and over")),
    ],
)
def test_words_for_one_age_band_become_one(read: Read, said: str, band: str) -> None:
    assert read("age", said) == band


@pytest.mark.parametrize(
    "said",
    [
        *("over 65", "16+ weeks", "6-8 weeks", "0-27 days", "12 months", "2-2½ yrs", "Children", "Not applicable"),
        *("Adults", "16-24 and 35-44 yrs", "18 to 24 and over", "under 16 to 18", "65+ (excluding 90+)", "2019"),
        "1.5 yrs",
    ],
)
def test_words_that_may_mean_other_people_stay_as_they_are(read: Read, said: str) -> None:
    assert read("age", said) == said


def test_an_age_that_is_not_said_is_none(read: Read) -> None:
    assert read("age", None) is read("sex", None) is None


@pytest.mark.parametrize(
    ("said", "sex"),
    [
        *((said, "Persons") for said in ("Persons", "persons", "All persons", "Total", "total", "ALL", "all", "Both")),
        *((said, "Persons") for said in ("Both sexes", "People", " Person ", "All people")),
        *((said, "Male") for said in ("Male", "Males", "M", "m", "Boys", "boy", "Men")),
        *((said, "Female") for said in ("Female", "Females", "F", "f", "Girls", "girl", "Women")),
        *((said, said) for said in ("Unknown", "Not applicable", "x", "", "Other", "Male and Female?")),
    ],
)
def test_words_for_one_sex_become_one_and_no_other_word_is_guessed(read: Read, said: str, sex: str) -> None:
    assert read("sex", said) == sex


@pytest.mark.parametrize(
    ("card", "label", "start"),
    [
        ("calendar", "2019", dt.date(2019, 1, 1)),
        ("calendar", "2020 - 22", dt.date(2020, 1, 1)),
        ("financial", "2019/20", dt.date(2019, 4, 1)),
        ("academic", "2019/20", dt.date(2019, 9, 1)),
        ("mid_november", "2019/20", dt.date(2019, 11, 16)),
        ("financial", "2019/20 - 21/22", dt.date(2019, 4, 1)),
        # Of another kind of year than the card's: what the label says, for admission to see.
        ("financial", "2019", dt.date(2019, 1, 1)),
        ("academic", "2020 - 22", dt.date(2020, 1, 1)),
        ("mid_november", "2019", dt.date(2019, 1, 1)),
        ("calendar", "2019/20", dt.date(2019, 4, 1)),
        ("calendar", "2019/20 - 21/22", dt.date(2019, 4, 1)),
        *(("financial", bad, None) for bad in ("2019-20", "2019/21", "2019/2020", "Apr 2019 to Mar 2020", "2019 Q1")),
        *(("calendar", bad, None) for bad in ("2019-20", "FYE 2020", "2020 - 19", "19/20", "2019p", "Jan 2019")),
    ],
)
def test_a_label_begins_on_the_first_day_of_the_year_that_it_says(
    read: Read, card: str, label: str, start: dt.date | None
) -> None:
    assert read(f"start_{card}", label) == start


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*", " ", re.sub(r"\{#.*?#\}", " ", sql, flags=re.S))


CAST = re.compile(
    r"\bcast\s*\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*?)\s+as\s+(double|int|bigint|float|decimal|date|timestamp)\b"
)
TEXT = re.compile(
    r"(regexp_extract|split_part|substring|\bleft|\bright|\btrim|replace)\(|(_text|_label|\blabel|\btitle)\b"
)
NO_TEXT = re.compile(r"^\s*(null|[0-9.]+|true|false)\s*$|\binterval\b|\b(count|extract|sum|max|floor|ceil|round)\s*\(")


def casts_of_text(sql: str, *, staging: bool) -> list[str]:
    """The casts to a number or a day that may get a publisher's text."""
    sql = without_comments(sql)
    found = [match.group(0) for match in re.finditer(r"\btry_cast\s*\([^)]*\)?", sql, re.I)]
    for match in CAST.finditer(sql.lower()):
        if TEXT.search(match.group(1)) or (staging and not NO_TEXT.search(match.group(1))):
            found.append(match.group(0))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_text_is_cast_by_the_macros_for_it_and_nowhere_else(path: Any) -> None:
    if path == PROJECT / "macros" / "texts.sql":
        return
    staging = "staging" in path.parts
    assert casts_of_text(path.read_text("utf-8"), staging=staging) == [], "use number_of, whole_number_of or date_of"


@pytest.mark.parametrize(
    "sql",
    [
        "select try_cast(x as double)",
        'period_start="make_date(try_cast(key as int) - 1, 11, 16)"',
        "select cast(regexp_extract(x, '([0-9]+)', 1) as int)",
        "select cast(value as double)",
        "select cast(trim(day) as date)",
        "select CAST(obs_value AS double)",
    ],
)
def test_the_guard_finds_a_cast_of_text(sql: str) -> None:
    assert casts_of_text(sql, staging=True)


@pytest.mark.parametrize(
    "sql",
    [
        "cast(null as double)",
        "cast(period_start + interval 6 day as date)",
        "cast(count(*) as int)",
        "cast(x as string)",
    ],
)
def test_the_guard_lets_numbers_and_days_be_cast(sql: str) -> None:
    assert casts_of_text(sql, staging=True) == []
