"""The programme's questions: what the figures say in sentences, and each difference by council as dots.

Belongs here: the order of questions and outcomes, the rows of each. Does not belong here: the sentences (the mart).
"""

from collections.abc import Iterator, Sequence

from atf_dagster.report import drawn, words
from atf_dagster.report.facts import Facts
from atf_dagster.report.page import Figure, Group, Page
from atf_dagster.report.reading import Row
from atf_dagster.report.table import Cell, Column, Table, figure, text

MISSING = "This release has no view of the programme's questions."
KINDS = {"beacon": "Beacon indicators", "proxy": "Proxies", "supporting": "Supporting indicators"}
DRAWN = ("beacon",)
"""Kinds whose differences have a chart each; those of the others are in one table a question."""


def page(facts: Facts) -> Page:
    """The page `questions.html`."""
    numbers: dict[str, str] = {}
    for row in facts.questions:
        numbers.setdefault(str(row["question_no"]), str(row["question"]))
    return Page(
        path="questions.html",
        title="Questions",
        template="questions.html.j2",
        context={
            "missing": "" if facts.reading.has("vw_questions") else MISSING,
            "questions": [(number, question, _sentences(facts, number)) for number, question in numbers.items()],
        },
        groups=tuple(_group(facts, number, question) for number, question in numbers.items()),
    )


def _sentences(facts: Facts, number: str) -> list[tuple[str, list[Row]]]:
    """(kind in words, rows of vw_questions)."""
    found = []
    for kind, title in KINDS.items():
        rows = [row for row in facts.questions if row["question_no"] == number and row["kind"] == kind]
        if rows:
            found.append((title, rows))
    return found


def _group(facts: Facts, number: str, question: str) -> Group:
    mine = [(key, rows) for key, rows in facts.points.items() if key[0] == number]
    figures = [
        _dots(facts, number, place, outcome, rows)
        for place, ((_, _, outcome), rows) in enumerate((p for p in mine if p[1][0]["kind"] in DRAWN), 1)
        if any(row["difference"] is not None for row in rows)
    ]
    others = [row for _, rows in mine if rows[0]["kind"] not in DRAWN for row in rows]
    if others:
        figures.append(_rest(facts, number, others))
    nothing = "Its rows are in the view vw_determinants_and_life_expectancy of the release." if not figures else ""
    return Group(f"q{number}", question, nothing, figures)


POINT = (
    Column("period", "Period"),
    Column("beside", "Beside"),
    Column("value", "Value", True),
    Column("beside_value", "What it is set beside", True),
    Column("difference", "Difference", True),
    Column("lci_95", "Lower 95 % limit", True),
    Column("uci_95", "Upper 95 % limit", True),
    Column("verdict", "Beyond chance"),
)


def _cells(facts: Facts, row: Row) -> list[Cell]:
    indicator = facts.indicator.get(row["indicator_code"])
    places = indicator.decimals if indicator else 1
    verdict = row["verdict"]
    if verdict is None:
        said = f"not known: {row['reason'] or row['caution'] or 'no limits'}"
    else:
        said = f"{verdict}{', says the publisher' if row['verdict_by'] == 'publisher' else ''}"
    return [
        text(row["period"]),
        text(row["beside"]),
        figure(row["value"], places),
        figure(row["beside_value"], places),
        figure(row["difference"], places, signed=True, absent="none"),
        figure(row["lci_95"], places, signed=True, absent="none"),
        figure(row["uci_95"], places, signed=True, absent="none"),
        text(said),
    ]


def _dots(facts: Facts, number: str, place: int, outcome: str, rows: Sequence[Row]) -> Figure:
    id = f"q{number}-{place}"
    sentences = [
        str(row["sentence"])
        for row in facts.questions
        if row["question_no"] == number and row["outcome"] == outcome and row["sentence"]
    ]
    known = [row["difference"] for row in rows if row["difference"] is not None and row["area_type"] == "council"]
    counted = (
        f"{sum(value > 0 for value in known)} of {words.counted(len(known), 'council')} above zero, "
        f"{sum(value < 0 for value in known)} below."
    )
    ordered = list(_ordered(rows))
    table = Table(
        id,
        f"{outcome} ({rows[0]['unit']}): differences by council",
        (Column("area", "Area"), *POINT),
        [[text(row["area_name"], "head"), *_cells(facts, row)] for row in ordered],
    )
    return Figure(id, outcome, sentences[0] if sentences else counted, table, drawn.dots(facts, id, outcome, ordered))


def _rest(facts: Facts, number: str, rows: Sequence[Row]) -> Figure:
    id = f"q{number}-others"
    cells = [
        [text(row["outcome"], "head"), text(KINDS.get(row["kind"], row["kind"])), text(row["area_name"]), *_cells(facts, row)]
        for row in rows
        if row["difference"] is not None
    ]
    columns = (Column("outcome", "Indicator"), Column("kind", "Kind"), Column("area", "Area"), *POINT)
    return Figure(
        id,
        "Proxies and supporting indicators",
        f"{words.counted(len(cells), 'difference')} of proxies and supporting indicators.",
        Table(id, f"Question {number}: proxies and supporting indicators", columns, cells),
    )


def _ordered(rows: Sequence[Row]) -> Iterator[Row]:
    types = ("council", "subregion", "country")
    yield from sorted(rows, key=lambda row: (types.index(row["area_type"]) if row["area_type"] in types else 9, row["area_name"]))
