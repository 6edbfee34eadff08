"""The bundled figures are the publishers' figures, unrounded, ours whole, totals of others, each with its source."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from other_councils import is_other, is_wanted

from atf_dagster.snapshot import FiguresSource
from atf_dagster.snapshot.figures import AREAS, COLUMNS, COUNCILS, ENGLAND, figure, figures_bytes, read_figures
from atf_dagster.snapshot.sources import BUNDLE
from tools.snapshot_build.__main__ import PLAN as PLAN_FILE
from tools.snapshot_build.__main__ import build
from tools.snapshot_build.readers import FileRefused, read

PLAN = yaml.safe_load(PLAN_FILE.read_text(encoding="utf-8"))["figures"]
SIZE_LIMIT = 4_000_000
FIRST_SHAPES = ("fingertips_full", "fingertips_reshaped", "els_input")
"""Compared here; each later shape is compared as a whole in the test module of its publisher."""


def test_every_figures_file_is_named_with_publisher_and_licence_and_every_named_file_is_there(
    sources: dict[str, FiguresSource],
) -> None:
    files = (path for path in (BUNDLE / "figures").rglob("*") if path.is_file())
    there = {path.relative_to(BUNDLE).as_posix() for path in files}
    assert there == {source.file for source in sources.values()}
    for source in sources.values():
        assert source.publisher_name
        assert source.licence == "Open Government Licence v3.0"
        assert "Open Government Licence v3.0" in source.attribution
        assert source.page.startswith("https://")
        if source.publisher in ("fingertips", "ons_els"):
            assert source.indicator in source.page
        assert source.release and source.precision and source.title and source.areas
        origin = source.taken_from
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", origin.repository)
        assert re.fullmatch(r"[0-9a-f]{64}", origin.sha256)
        if origin.commit.startswith("blob "):
            # Of the key stage 4 of 2018/19 only the repository and the object's hash are known.
            assert source.indicator in ("2019/attainment8_average", "2019/progress8_average")
            assert re.fullmatch(r"blob [0-9a-f]{7,40}", origin.commit)
            assert (origin.path, origin.date) == ("", "")
            continue
        assert re.fullmatch(r"[0-9a-f]{7,40}", origin.commit)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", origin.date)
        assert origin.path


def test_the_bundle_stays_small() -> None:
    assert sum(path.stat().st_size for path in BUNDLE.rglob("*.csv")) < SIZE_LIMIT


def test_a_bundled_file_holds_our_areas_and_totals_of_others_that_it_says_and_each_figure_once(
    sources: dict[str, FiguresSource],
) -> None:
    entries = {entry["indicator"]: entry for entry in PLAN}
    for source in sources.values():
        rows = read_figures(BUNDLE / source.file)
        assert len(rows) == source.rows
        # Table TA1 names England without London and gives it a dash for its code.
        without_code = {("-", "Rest of England")} if source.publisher == "mhclg" else set()
        others = [
            row
            for row in rows
            if row["area_code"] not in AREAS and (row["area_code"], row["area_name"]) not in without_code
        ]
        assert all(is_other(row["area_code"]) for row in others)
        assert bool(others) == ("other councils of England" in source.areas)
        for row in others:
            breakdown = row["breakdown_type"].replace("Column of table TA1", "")
            assert is_wanted(entries[source.indicator], row["area_code"], row["period"], breakdown, row["sex"])
        # What is at hand of the pandemic's figures is England's alone.
        expected = {ENGLAND} if source.publisher == "ukhsa" else set(COUNCILS)
        assert {row["area_code"] for row in rows} >= expected
        key = ("area_code", "sex", "age", "breakdown_type", "breakdown_value", "period")
        times = Counter(tuple(row[column] for column in key) for row in rows)
        assert set(times.values()) == {1}


def test_a_bundled_value_is_a_plain_number_or_nothing(sources: dict[str, FiguresSource]) -> None:
    # DfE's data bank prints -7.0000000000000007E-2, DWP 27.8% and 6,803.
    number = re.compile(r"-?\d[\d,]*(\.\d+)?(E-?\d+)?%?")
    measures = ("value", "lci_95", "uci_95", "lci_998", "uci_998", "numerator", "denominator")
    for source in sources.values():
        for row in read_figures(BUNDLE / source.file):
            for measure in measures:
                assert not row[measure] or number.fullmatch(row[measure]), (source.file, row)


@pytest.mark.parametrize(
    "entry",
    [entry for entry in PLAN if entry["shape"] in FIRST_SHAPES],
    ids=lambda entry: f"{entry['publisher']}-{entry['indicator']}",
)
def test_every_figure_that_is_wanted_is_carried_and_is_the_published_text(
    entry: dict[str, str], sources: dict[str, FiguresSource], shared_data: Path
) -> None:
    """Reads the publisher's file independently of the project's readers, and compares the whole of it."""
    text = (shared_data / entry["source"]).read_text(encoding="utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    published: set[tuple[str, ...]] = set()
    for row in lines:
        if "areacd" in row and row["indicator"] == entry["label"]:
            if is_wanted(entry, row["areacd"], row["period"]) and not _misleads(row, lines):
                limits = (row["lci_95"], row["uci_95"])
                published.add((row["areacd"], "", row["period"], row["observation"], *limits, row["status"]))
        elif "Area Code" in row and _is_served(entry, row["Area Code"]):
            breakdown = f"{row['Sex']}/{row['Age']}/{row['Category Type']}/{row['Category']}"
            if is_wanted(entry, row["Area Code"], row["Time period"], row["Category Type"]):
                published.add(
                    (row["Area Code"], breakdown, row["Time period"], row["Value"], row["Lower CI 95.0 limit"],
                     row["Upper CI 95.0 limit"], row["Count"], row["Denominator"], row["Value note"])
                )  # fmt: skip
        elif (
            "area_code" in row
            and _is_served(entry, row["area_code"])
            and is_wanted(entry, row["area_code"], row["period"])
        ):
            sex = row["unit"] if row.get("inequality", "NA") == "NA" else row["inequality"]
            value = "" if row["value"] == "NA" else row["value"]
            published.add((row["area_code"], sex, row["period"], value))

    def carried(row: dict[str, str]) -> tuple[str, ...]:
        if entry["shape"] == "els_input":
            limits = (row["lci_95"], row["uci_95"])
            return (row["area_code"], row["sex"], row["period"], row["value"], *limits, row["status"])
        if entry["shape"] == "fingertips_full":
            breakdown = f"{row['sex']}/{row['age']}/{row['breakdown_type']}/{row['breakdown_value']}"
            return (row["area_code"], breakdown, row["period"], row["value"], row["lci_95"], row["uci_95"],
                    row["numerator"], row["denominator"], row["note"])  # fmt: skip
        return (row["area_code"], row["sex"], row["period"], row["value"])

    rows = read_figures(BUNDLE / sources[entry["indicator"]].file)
    assert {carried(row) for row in rows} == published
    assert any(is_other(row[0]) for row in published) == ("areas" in entry)


def _is_served(entry: dict[str, str], area_code: str) -> bool:
    # Districts of counties are of another area type at Fingertips, which is asked for some indicators.
    return "districts" in entry or not area_code.startswith("E07")


def _misleads(row: dict[str, str], lines: list[dict[str, str]]) -> bool:
    """An unreliable estimate of another council, or a figure that the file has under the council's new code too."""
    if row["areacd"] in AREAS:
        return False
    replaced = re.search(r"replaced by (E\d{8})", row["notes"])
    twice = replaced is not None and any(
        line["areacd"] == replaced[1] and line["indicator"] == row["indicator"] for line in lines
    )
    return twice or "unreliable" in row["notes"]


def test_the_recorded_hash_is_that_of_the_file_read(sources: dict[str, FiguresSource], shared_data: Path) -> None:
    for entry in PLAN:
        body = (shared_data / entry["source"]).read_bytes()
        recorded = sources[entry["indicator"]].taken_from
        assert (recorded.sha256, recorded.bytes) == (hashlib.sha256(body).hexdigest(), len(body))


def test_building_again_gives_the_same_bytes(shared_data: Path, tmp_path: Path) -> None:
    stale = tmp_path / "figures" / "fingertips" / "no_longer_planned.csv"
    stale.parent.mkdir(parents=True)
    stale.write_text("old", encoding="utf-8")
    build(shared_data, into=tmp_path)
    built = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    csvs = [*(BUNDLE / "figures").rglob("*.csv"), *(BUNDLE / "reference").rglob("*.csv")]
    bundled = [*csvs, BUNDLE / "sources.yml"]
    assert built == {path.relative_to(BUNDLE): path.read_bytes() for path in bundled}


# A folder of the publishers' files in small, with invented figures: what the script refuses is tried on it.
ELS_FILE = (
    "\ufeffareacd,areanm,geography,indicator,period,observation,measure,unit,lci_95,uci_95,status,notes\r\n"
    "E92000001,England,Nation,Claimant Count,2025-01-01/P1Y,1.50,Percentage,%,,,,\r\n"
    "E06000006,Halton,Local Authority District,Claimant Count,2025-01-01/P1Y,2.0,Percentage,%,,,,\r\n"
    "E07000223,Adur,Local Authority District,Claimant Count,2025-01-01/P1Y,3.0,Percentage,%,,,,\r\n"
    "E06000006,Halton,Local Authority District,Something else,2025-01-01/P1Y,4.0,Percentage,%,,,,\r\n"
)
SMALL_PLAN = """
licence: Open Government Licence v3.0
publishers: {ons_els: {name: A publisher, page: "https://example.org/{indicator}", attribution: A line}}
precisions: {els_input: As published}
figures:
  - {publisher: ons_els, indicator: claimant-count, shape: els_input,
     source: ons_els/file.csv, label: Claimant Count}
"""


def small_folder(tmp_path: Path, text: str = ELS_FILE, recorded: str | None = None) -> tuple[Path, Path, Path]:
    """Files, an empty bundle and a plan; PROVENANCE.md records `recorded`, or the file as it is."""
    folder, into, plan = tmp_path / "files", tmp_path / "bundle", tmp_path / "plan.yml"
    (folder / "ons_els").mkdir(parents=True)
    (folder / "ons_els" / "file.csv").write_bytes(text.encode("utf-8"))
    body = (recorded or text).encode("utf-8")
    (folder / "PROVENANCE.md").write_text(
        f"| ons_els/file.csv | {len(body):,} | {hashlib.sha256(body).hexdigest()[:16]} "
        "| owner/repository `folder/file.csv` @0123abc 2026-01-29 |\n",
        encoding="utf-8",
    )
    plan.write_text(SMALL_PLAN, encoding="utf-8")
    return folder, into, plan


def test_values_are_carried_as_the_text_they_are(tmp_path: Path) -> None:
    folder, into, plan = small_folder(tmp_path)
    (source,) = build(folder, into, plan)
    rows = read_figures(into / source.file)
    assert [(row["area_code"], row["value"]) for row in rows] == [("E06000006", "2.0"), (ENGLAND, "1.50")]
    assert not source.intervals


@pytest.mark.parametrize(("spoiled", "complaint"), [
    (ELS_FILE.replace("E06000006,Halton,Local Authority District,Something else",
                      "E06000006,Halton,Local Authority District,Claimant Count"), "two figures"),
    (ELS_FILE.replace("1.50,Percentage,%,,,,", "1.50,Percentage,%,,,,see the methods"), "a note would be"),
    (ELS_FILE.replace("1.50", ""), "neither value nor status"),
    (ELS_FILE.replace("1.50,Percentage", "1.50,Count"), "measure should say one thing"),
    (ELS_FILE.replace("Claimant Count", "Claimants"), "no figures"),
    (ELS_FILE.replace("1.50,Percentage,%,,,,", "1.50,Percentage"), "line 2 has 7 cells under 12 names"),
])  # fmt: skip
def test_a_file_that_cannot_be_carried_over_whole_is_refused_and_nothing_is_written(
    tmp_path: Path, spoiled: str, complaint: str
) -> None:
    assert spoiled != ELS_FILE
    folder, into, plan = small_folder(tmp_path, spoiled)
    with pytest.raises(FileRefused, match=complaint):
        build(folder, into, plan)
    assert not into.exists()


RESHAPED_FILE = (
    "area_code,area_name,period,value,indicator,measure,unit,significance\n"
    "E06000006,Halton,2017/18,NA,Self-harm,Rate,Persons,Not compared\n"
    "E92000001,England,2017/18,0,Self-harm,Rate,Persons,Not compared\n"
)
RESHAPED_ENTRY = {"indicator": "1", "shape": "fingertips_reshaped", "age": "All ages", "period_range": "1y"}


def test_a_third_partys_word_for_nothing_becomes_an_empty_cell_and_a_zero_stays(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(RESHAPED_FILE, encoding="utf-8")
    figures = read(path, RESHAPED_ENTRY).figures
    assert [(row["area_code"], row["value"]) for row in figures] == [(ENGLAND, "0"), ("E06000006", "")]


def test_a_reshaped_row_that_does_not_say_whose_figure_it_is_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(RESHAPED_FILE.replace("Persons", "Years"), encoding="utf-8")
    with pytest.raises(FileRefused, match="'Years' is not a sex"):
        read(path, RESHAPED_ENTRY)


@pytest.mark.parametrize(("published", "spoiled", "complaint"), [
    ("107429", "107430", "two England rows for 2010/11 differ"),
    (",20100000,", ",20100400,", "Time period Sortable is '20100400'"),
    ("Counties & UAs (from Apr 2023)", "Counties & UAs (from Apr 2021)", "Area Type is"),
    ("Indicator ID,", "Indicator,", "its header lacks Indicator ID"),
    ("\n90284,", "\n90285,", "Indicator ID should say one thing"),
])  # fmt: skip
def test_a_full_precision_file_that_says_what_would_be_lost_is_refused(
    shared_data: Path, tmp_path: Path, published: str, spoiled: str, complaint: str
) -> None:
    entry = next(entry for entry in PLAN if entry["indicator"] == "90284")
    text = (shared_data / entry["source"]).read_text(encoding="utf-8")
    path = tmp_path / "file.csv"
    once = 1 if published != "Counties & UAs (from Apr 2023)" else -1  # the first county is not one of ours
    path.write_text(text.replace(published, spoiled, once), encoding="utf-8")
    with pytest.raises(FileRefused, match=complaint):
        read(path, entry)


def test_a_file_that_is_not_the_one_recorded_is_refused(tmp_path: Path) -> None:
    folder, into, plan = small_folder(tmp_path, ELS_FILE.replace("1.50", "1.51"), recorded=ELS_FILE)
    with pytest.raises(FileRefused, match=r"PROVENANCE.md records"):
        build(folder, into, plan)
    assert not into.exists()


def test_the_script_says_what_is_missing_and_exits_1(tmp_path: Path) -> None:
    before = (BUNDLE / "sources.yml").read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "tools.snapshot_build", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Nothing was written" in done.stderr
    assert "PROVENANCE.md is not there" in done.stderr
    assert (BUNDLE / "sources.yml").read_bytes() == before


def test_a_file_with_another_header_is_not_read_as_figures(tmp_path: Path) -> None:
    path = tmp_path / "figures.csv"
    path.write_text(",".join(reversed(COLUMNS)) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not that of a figures file"):
        read_figures(path)


def test_a_column_that_is_empty_everywhere_is_left_out_and_read_as_empty(tmp_path: Path) -> None:
    rows = [figure(area_code=ENGLAND, period="2023", value="1", note="n"), figure(area_code=ENGLAND, period="2024")]
    path = tmp_path / "figures.csv"
    path.write_bytes(figures_bytes(rows))
    assert path.read_text(encoding="utf-8").splitlines()[0] == "area_code,period,value,note"
    assert read_figures(path) == rows


def test_an_areas_name_is_written_once_and_read_in_every_row_and_may_change(tmp_path: Path) -> None:
    names = ("Kingston upon Hull", "Kingston upon Hull", "Hull")
    rows = [figure(area_code="E06000010", area_name=name, period=str(year)) for year, name in enumerate(names, 2021)]
    path = tmp_path / "figures.csv"
    path.write_bytes(figures_bytes(rows))
    assert path.read_text(encoding="utf-8").count("Kingston upon Hull") == 1
    assert read_figures(path) == rows
    with pytest.raises(ValueError, match="no name in a later one"):
        figures_bytes([*rows, figure(area_code="E06000010", period="2024")])


def test_a_figure_has_no_other_columns() -> None:
    with pytest.raises(KeyError, match="colour"):
        figure(area_code=ENGLAND, colour="blue")
