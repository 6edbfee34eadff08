"""The programme's questions: what the figures say in sentences, and each difference by council as dots.

Belongs here: the order of questions and outcomes, the rows of each. Does not belong here: the sentences (the mart).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atf_dagster.report import drawn, words
from atf_dagster.report.facts import ASSOCIATIONS, Facts
from atf_dagster.report.measures import of_difference
from atf_dagster.report.page import Figure, Group, Page
from atf_dagster.report.reading import Row
from atf_dagster.report.subjects import by, is_code
from atf_dagster.report.table import LIMITS, Cell, Column, Section, Table, figure, sectioned, text

KINDS = {"beacon": "Beacon indicators", "proxy": "Proxies", "supporting": "Supporting indicators"}
DRAWN = "beacon"
"""The kind whose differences have a chart each; those of the others are in one table a question."""
TYPES = ("council", "subregion", "country")
"""Areas in tables: councils first."""
POINT = (
    Column("period", "Period"),
    Column("beside", "Beside"),
    Column("value", "Value", True),
    Column("beside_value", "What it is set beside", True),
    Column("difference", "Difference", True),
    *LIMITS,
    Column("verdict", "By more than chance"),
)


@dataclass(frozen=True)
class Question:
    """One question. path: of its page, from the report's folder. kinds: (kind in words, rows of vw_questions)."""

    number: str
    text: str
    kinds: tuple[tuple[str, tuple[Row, ...]], ...]

    @property
    def path(self) -> str:
        return f"questions/q{self.number}.html"

    @property
    def evidence(self) -> str:
        """The views that hold the figures."""
        return ", ".join(sorted({str(row["evidence"]) for _, rows in self.kinds for row in rows if row["evidence"]}))


def questions(facts: Facts) -> list[Question]:
    """All questions of the release, by number."""
    found: dict[str, list[Row]] = {}
    for row in facts.questions:
        if is_code(row["question_no"]):
            found.setdefault(row["question_no"], []).append(row)
    return [
        Question(
            number,
            str(rows[0]["question"]),
            tuple(
                (title, mine)
                for kind, title in KINDS.items()
                if (mine := tuple(row for row in rows if row["kind"] == kind))
            ),
        )
        for number, rows in found.items()
    ]


def pages(facts: Facts) -> Iterator[Page]:
    """The page `questions.html`, and one of each question with its figures."""
    known = questions(facts)
    yield Page("questions.html", "Questions", "questions.html.j2", {"questions": known})
    for question in known:
        yield Page(
            path=question.path,
            title=f"{question.number}. {question.text}",
            template="question.html.j2",
            context={"question": question},
            groups=(_group(facts, question),),
        )


def _group(facts: Facts, question: Question) -> Group:
    number = question.number
    if ASSOCIATIONS in question.evidence and facts.associations:
        return Group("figures", "Rank correlations", figures=[_associations(facts)])
    mine = [(key, rows) for key, rows in facts.points.items() if key[0] == number]
    drawable = [
        (outcome, rows)
        for (_, _, outcome), rows in mine
        if rows[0]["kind"] == DRAWN and any(row["difference"] is not None for row in rows)
    ]
    figures = [_dots(facts, number, place, outcome, rows) for place, (outcome, rows) in enumerate(drawable, 1)]
    others = [row for _, rows in mine if rows[0]["kind"] != DRAWN for row in rows if row["difference"] is not None]
    if others:
        figures.append(_rest(facts, number, others))
    nothing = "" if figures else "The release has no differences by council for this question."
    return Group("figures", "Differences by council", nothing, figures)


def _cells(facts: Facts, row: Row) -> list[Cell]:
    indicator = facts.indicator.get(row["indicator_code"])
    places = indicator.decimals if indicator else 1
    if row["verdict"] is None:
        said = f"not known: {row['reason'] or row['caution'] or 'there are no limits'}"
    else:
        said = f"{row['verdict']}{', says the publisher' if row['verdict_by'] == 'publisher' else ''}"
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
    known = [row["difference"] for row in rows if row["difference"] is not None and row["area_type"] == TYPES[0]]
    counted = (
        f"{sum(value > 0 for value in known)} of {words.counted(len(known), 'council')} above zero, "
        f"{sum(value < 0 for value in known)} below."
    )
    ordered = sorted(
        rows, key=lambda row: (TYPES.index(row["area_type"]) if row["area_type"] in TYPES else 9, row["area_name"])
    )
    table = Table(
        id,
        f"{outcome} ({of_difference(rows[0]['unit'])}): differences by council",
        (Column("area", "Area"), *POINT),
        [[text(row["area_name"], "head"), *_cells(facts, row)] for row in ordered],
    )
    chart = drawn.dots(facts, id, outcome, ordered)
    return Figure(id, outcome, sentences[0] if sentences else counted, table, chart)


def _associations(facts: Facts) -> Figure:
    """The pairs of a determinant and a life expectancy; several hundred rows, so that they have no chart."""
    columns = (
        Column("indicator", "Determinant"),
        Column("period", "Its period"),
        Column("outcome", "Life expectancy"),
        Column("sex", "Sex"),
        Column("outcome_period", "Its period"),
        Column("scope", "Whose councils"),
        Column("n_areas", "Councils", True),
        Column("rho", "Rank correlation, -1 to 1", True),
        Column("p_adjusted", "p, adjusted for the number of pairs", True),
        Column("reason", "Why there is none"),
        Column("warning", "What it does not say"),
    )
    by_name = by(facts.associations, "indicator_name")
    rows = [
        [
            text(row["indicator_name"], "head", _page_of(facts, row["indicator_code"])),
            text(row["period"]),
            text(row["outcome_name"]),
            text(row["outcome_sex"]),
            text(row["outcome_period"]),
            text(row["scope"]),
            text(row["n_areas"], "number"),
            figure(row["rho"], 2, absent="none"),
            figure(row["p_adjusted"], 3),
            text(words.reason(row["reason"])),
            text(row["warning"]),
        ]
        for row in facts.associations
    ]
    known = sum(row["rho"] is not None for row in facts.associations)
    ordered, sections = sectioned((row[0].text, row) for row in rows)
    spans = [Section(s.heading, s.n_rows, _span([row["rho"] for row in by_name[s.heading]])) for s in sections]
    said = (
        f"{words.counted(known, 'pair')} have a rank correlation: of councils, not of people, and no cause. They stand "
        "under their determinants, to be opened."
    )
    caption = "Determinants and life expectancy over councils"
    table = Table("correlations", caption, columns, ordered, sections=spans, fold="sections")
    return Figure("correlations", "Determinants and life expectancy", said, table)


def _span(found: Sequence[float | None]) -> str:
    """From which rank correlation to which a determinant's pairs go."""
    known = sorted(rho for rho in found if rho is not None)
    if not known:
        return "no rank correlation"
    ends = words.number(known[0], 2), words.number(known[-1], 2)
    return f"rank correlation {ends[0]}" if len(known) == 1 else f"rank correlations {ends[0]} to {ends[1]}"


def _page_of(facts: Facts, code: str) -> str:
    return f"indicators/{code}.html" if code in facts.indicator else ""


def _rest(facts: Facts, number: str, rows: Sequence[Row]) -> Figure:
    id = f"q{number}-others"
    cells = [
        [
            text(row["outcome"], "head"),
            text(KINDS.get(row["kind"], row["kind"])),
            text(row["area_name"]),
            *_cells(facts, row),
        ]
        for row in rows
    ]
    columns = (Column("outcome", "Indicator"), Column("kind", "Kind"), Column("area", "Area"), *POINT)
    return Figure(
        id,
        "Proxies and supporting indicators",
        f"{words.counted(len(cells), 'difference')} of proxies and supporting indicators.",
        Table(id, f"Question {number}: proxies and supporting indicators", columns, cells),
    )
