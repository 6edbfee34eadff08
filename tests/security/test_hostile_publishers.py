"""Whatever a publisher sends ends in a clear refusal or in harmless text, and concerns nobody but that publisher.

Each service is asked over a real socket as a refresh asks it. What a whole refresh makes of hostile names is
`test_hostile_refresh`; limits of downloads are tests/http, workbooks one by one tests/sources/test_workbook_bodies.py,
what local returns may hold tests/returns.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile_publishers import FORGED, HOSTILE, NOTE, SAID, HostilePublishers, residents

from atf_dagster.catalogue import load
from atf_dagster.catalogue.model import Service
from atf_dagster.landing import Attempt
from support.fetching import fetch, fetch_one, rows
from support.publishers.ees import KEY_STAGE_4, KEY_STAGE_4_CSV, Ees
from support.publishers.govuk import FUEL, FUEL_2022, FUEL_COLLECTION, File, Govuk, PublishedPage, made_up_fuel
from support.publishers.ons_beta import SERIES, V4, WAGE, WAGE_PAGE, EditionPage, Ons, Version, made_up_wages, zipped
from support.publishers.stat_xplore import KEY, StatXplore
from support.server import ScriptedServer, respond

CATALOGUE = load()
ASKED = [service for service in CATALOGUE.services if not service.base_url.startswith("local:")]
KEYS = {"nomis": "canary-nomis-5ec2e7", "stat_xplore": KEY}
LANDING = re.compile(r"(objects/[0-9a-f]{2}/[0-9a-f]{64}|[a-z0-9_]+/[a-z]+/(attempts|vintages|verdicts)\.jsonl)")


def one_of_each_table(service: str) -> list[str]:
    """A dataset of each of the service's tables, by the table's name."""
    return list({c.table: d.id for c, d in reversed(CATALOGUE.datasets) if c.service.id == service}.values())


def each_service(function: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("service", ASKED, ids=lambda service: service.id)(function)


def ask(landing: Path, server: ScriptedServer, service: Service) -> list[Attempt]:
    return [*fetch(landing, server.url, one_of_each_table(service.id), keys=KEYS).values()]


def assert_fit_to_show(attempts: list[Attempt]) -> None:
    """A person can read what happened and what to do, on one line each."""
    for attempt in attempts:
        assert attempt.message and attempt.remedy, attempt
        for text in (attempt.message, attempt.remedy, *attempt.notes):
            assert text.isprintable(), text


def assert_nothing_else_was_written(folder: Path) -> None:
    """Landing has objects under their hashes and receipts, whatever names came; nothing lies beside it."""
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    assert files
    for path in files:
        assert LANDING.fullmatch(path.relative_to(folder / "landing").as_posix()), path


# Bombs and answers of another shape -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Two hundred million spaces, in two hundred thousand bytes."""
    body = io.BytesIO()
    with gzip.GzipFile(fileobj=body, mode="wb", mtime=0) as stream:
        for _ in range(200):
            stream.write(b" " * 1_000_000)
    return body.getvalue()


@each_service
def test_a_compressed_bomb_is_stopped_and_not_kept(service: Service, bomb: bytes, tmp_path: Path) -> None:
    with ScriptedServer(respond(bomb, content_encoding="gzip")) as server:
        attempts = ask(tmp_path / "landing", server, service)
    assert attempts
    assert {attempt.reason for attempt in attempts} == {"decompression_bomb"}
    assert_fit_to_show(attempts)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 100_000] == []


SHAPES: Mapping[str, bytes] = {
    "nothing": b"null",
    "a number": b"1",
    "a text": b'"x"',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "a list of nothing": b"[null]",
    "a list of lists": b"[[]]",
    "a list of empty objects": b"[{}]",
    "lists within lists": b"[" * 100_000,
    "objects within objects": b'{"a":' * 100_000,
    "a number of 6,000 digits": b"[" + b"9" * 6_000 + b"]",
    "half a letter": b'{"\\ud800":"\\udfff","title":"\\ud800","results":[{"title":"\\ud800"}],"type":"\\ud800"}',
    "lists for objects": b'{"results":[1],"details":{"attachments":[1]},"features":[1],"items":[1],"count":1,'
    b'"structure":{"keyfamilies":{"keyfamily":[1]}},"children":[1],"links":{"latest_version":1,"documents":[1]},'
    b'"downloads":[1],"datasets":[1],"services":[{"name":1}],"paging":{},"code":"x"}',
    "texts for lists": b'{"results":null,"details":[],"features":null,"error":[],"count":"x","next":1,"items":5,'
    b'"structure":3,"children":null,"links":null,"downloads":"","datasets":[{}],"services":[1],"message":{}}',
    "a cell of a million letters": b'"' + b"a" * 1_000_000 + b'"\n1\n',
    "a line of a million columns": b"a," * 1_000_000 + b"a\n1\n",
    "a script": b"<script>alert(1)</script>",
    "a line of a log": f'{{"message":"x\\n{FORGED}"}}'.encode(),
    "no text": bytes(range(256)) * 40,
}


@each_service
def test_an_answer_of_another_shape_is_refused_and_kept_and_stops_nobody_else(service: Service, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        for name, body in SHAPES.items():
            server.answers(respond(body))
            landing = tmp_path / name / "landing"
            attempts = ask(landing, server, service)  # an exception here would have stopped every other publisher
            # Of an empty list it may be said that there is nothing at this level.
            assert {attempt.outcome for attempt in attempts} <= {"rejected", "failed", "no_data"}, name
            assert_fit_to_show(attempts)
            assert any(path.read_bytes() == body for path in landing.glob("objects/*/*")), name
            assert_nothing_else_was_written(tmp_path / name)


# Names and notes --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """One round with hostile names for Liverpool and Leeds, wherever a publisher names them."""

    folder: Path
    attempts: Mapping[str, Attempt]
    asked: list[str]


NAMED = {
    dataset
    for service in ASKED
    for dataset in one_of_each_table(service.id)
    # Of these nothing is bundled, or it needs a server that speaks for it.
    if service.id not in ("nomis", "ukhsa", "stat_xplore")
    and dataset not in ("fingertips_indicator_metadata", "govuk_dft_walking_cycling", "govuk_iod_2025_districts")
    and dataset not in ("ons_beta_wellbeing", "ons_els_indicator_metadata", "ees_key_stage_4_metadata")
} | {"ukhsa_covid_deaths_by_day_england", "nomis_population", "stat_xplore_cilif_absolute"}
TABLES = sorted({c.table for c, d in CATALOGUE.datasets if d.id in NAMED})


def children() -> StatXplore:
    """Stat-Xplore, whose schema has a hostile label for one council."""
    server = StatXplore()
    for node, (kind, label, below) in server.nodes.items():
        if label == "Liverpool":
            server.nodes[node] = (kind, SAID["json"], below)
    return server


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("hostile") / "home"
    with HostilePublishers() as gateway, residents() as nomis, children() as stat_xplore:
        urls = {**gateway.base_urls, "nomis": nomis.url, "stat_xplore": stat_xplore.url}
        yield Told(folder, fetch(folder / "landing", urls, sorted(NAMED), keys=KEYS), gateway.asked)


@pytest.mark.parametrize("table", TABLES)
def test_a_hostile_name_is_a_text_like_any_other(told: Told, table: str) -> None:
    datasets = {d.id for c, d in CATALOGUE.datasets if c.table == table} & NAMED
    landed = [a for a in told.attempts.values() if a.dataset in datasets and a.outcome == "landed"]
    assert landed, [a for a in told.attempts.values() if a.dataset in datasets]
    cells = [cell for row in rows(told.folder / "landing", told.folder.parent / "raw", table) for cell in row.values()]
    assert {cell for cell in cells if HOSTILE in str(cell)} <= set(SAID.values())
    assert any(cell in SAID.values() for cell in cells), "the hostile name is nowhere: the test shows nothing"


def test_a_file_is_called_by_its_hash_whatever_the_publisher_calls_it(told: Told) -> None:
    assert_nothing_else_was_written(told.folder)


def test_a_receipt_is_one_line_whatever_the_publisher_says(told: Told) -> None:
    for path in (told.folder / "landing").glob("*/*/attempts.jsonl"):
        assert [json.loads(line)["dataset"] for line in path.read_text("utf-8").splitlines()] == [path.parts[-3]]


def test_a_note_of_a_publisher_is_one_printable_line(tmp_path: Path) -> None:
    said: dict[str, list[str]] = {"ons": [], "govuk": [], "ees": []}
    version = Version(
        4,
        V4.encode(),
        alerts=[{"date": "2024-02-01T00:00:00.000Z", "description": NOTE}],
        changes=[{"name": "v4", "description": NOTE}],
        usage_notes=[{"title": NOTE, "note": NOTE}],
    )
    with Ons(versions={SERIES: [version]}) as ons:
        said["ons"] += fetch_one(tmp_path / "ons", ons.base_urls, "ons_beta_wellbeing").notes
    page = PublishedPage("Sub-regional fuel poverty data 2022", [File("fuel-poverty-tables.xlsx", made_up_fuel())])
    page.changes = [("2026-01-01T09:30:00Z", NOTE)]
    with Govuk({FUEL_2022: page}, {FUEL_COLLECTION: [FUEL_2022]}) as govuk:
        for share in (18.5, 19.5):
            page.files = [File("fuel-poverty-tables.xlsx", made_up_fuel(share), f"5f{share * 10:022.0f}")]
            said["govuk"] += fetch_one(tmp_path / "govuk", govuk.url, FUEL).notes
    with Ees() as ees:
        for number, release in enumerate(("1.0", "1.1")):
            ees.version(KEY_STAGE_4, release, KEY_STAGE_4_CSV.replace(b"39.9", f"4{number}.1".encode()))
            changes = {"majorChanges": {}, "minorChanges": {"filters": [{"currentState": {"label": NOTE, "id": NOTE}}]}}
            ees.changes[KEY_STAGE_4, release] = changes
            said["ees"] += fetch_one(tmp_path / "ees", ees.url, "ees_key_stage_4").notes
    for publisher, notes in said.items():
        assert any(FORGED in note for note in notes), (publisher, notes)
        assert all(note.isprintable() for note in notes), notes


# Workbooks and paths ----------------------------------------------------------------------------------------

ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/hostname">]>'


def with_member(book: bytes, name: str, content: bytes) -> bytes:
    target = io.BytesIO(book)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


def ods(content: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return target.getvalue()


def changed(book: bytes, declared: str) -> bytes:
    """The workbook with a document type in each sheet and an entity where a text stands."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member).decode()
            if member.endswith("sharedStrings.xml"):
                content = re.sub(r"(<\?xml[^>]*>)", rf"\1{declared}", content).replace(">Liverpool<", ">&b;<")
            new.writestr(member, content)
    return target.getvalue()


def table_of_ods(declared: str) -> bytes:
    return ods(
        f'<?xml version="1.0"?>{declared}<office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="Table 2"><table:table-row><table:table-cell><text:p>&b;</text:p></table:table-cell>'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )


REPEATED = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Table 2"><table:table-row table:number-rows-repeated="{rows}">'
    '<table:table-cell table:number-columns-repeated="{columns}"><text:p>x</text:p></table:table-cell>'
    "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)

BAD_WORKBOOKS: Mapping[str, Callable[[bytes], bytes]] = {
    "entities in XLSX": lambda book: changed(book, ENTITIES),
    "entities in ODS": lambda book: table_of_ods(ENTITIES),
    "a file of this machine in XLSX": lambda book: changed(book, OUTSIDE),
    "a file of this machine in ODS": lambda book: table_of_ods(OUTSIDE),
    "a row repeated for ever in ODS": lambda _: ods(REPEATED.format(rows=99_999_999_999, columns=1)),
    "a cell repeated in all columns of all rows in ODS": lambda _: ods(REPEATED.format(rows=1_048_576, columns=16_384)),
    "a member that leads out": lambda book: with_member(book, "../../../../tmp/outside.xml", b"x"),
    "a member from the root": lambda book: with_member(book, "/etc/cron.d/outside", b"x"),
    "a bomb of zeros in XLSX": lambda book: with_member(book, "xl/media/zeros.bin", bytes(30_000_000)),
    "a bomb of zeros in ODS": lambda book: with_member(ods("<x/>"), "Pictures/zeros.bin", bytes(30_000_000)),
}


@pytest.mark.parametrize("name", BAD_WORKBOOKS)
def test_a_hostile_workbook_is_refused_with_its_bytes_kept(name: str, tmp_path: Path) -> None:
    body = BAD_WORKBOOKS[name](made_up_fuel())
    file = File("fuel-poverty-tables." + ("ods" if "ODS" in name else "xlsx"), body)
    page = PublishedPage("Sub-regional fuel poverty data 2022", [file])
    with Govuk({FUEL_2022: page}, {FUEL_COLLECTION: [FUEL_2022]}) as server:
        attempt = fetch_one(tmp_path / "landing", server.url, FUEL)
    assert (attempt.outcome, attempt.reason) == ("rejected", "damaged_workbook"), attempt
    assert_fit_to_show([attempt])
    assert (tmp_path / "landing" / "objects" / str(attempt.sha256)[:2] / str(attempt.sha256)).read_bytes() == body
    assert_nothing_else_was_written(tmp_path)
    assert Path("/etc/hostname").read_text("utf-8").strip() not in str(attempt.message)


WAGES_2024 = "livingwagebyworkgeography2024provisional.zip"


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: with_member(body, "../../outside.xlsx", b"x"),
        lambda body: with_member(body, "C:\\outside.xlsx", b"x"),
        lambda body: zipped({"Work Geography LWF Table 7 LWF.1a   lwfmgx 2024.xlsx": bytes(100_000_000)}),
    ],
    ids=["leads out", "another machine's root", "a bomb"],
)
def test_a_hostile_zip_file_is_refused_with_its_bytes_kept(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    page = EditionPage({WAGES_2024: damage(made_up_wages(2024))})
    with Ons(pages={WAGE_PAGE: {"2024provisional": page}}) as server:
        attempt = fetch_one(tmp_path / "landing", server.base_urls, WAGE)
    assert attempt.outcome == "rejected", attempt
    assert_fit_to_show([attempt])
    assert_nothing_else_was_written(tmp_path)


PATHS = [
    "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "/etc/passwd",
    "C:\\x.xlsx",
    "http://evil.example/x",
    "a\r\nb",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_in_a_listing_leads_nowhere_else(path: str, tmp_path: Path) -> None:
    class Misnamed(File):
        def attachment(self) -> dict[str, object]:
            return {**super().attachment(), "url": path}

    page = PublishedPage("Sub-regional fuel poverty data 2022", [Misnamed("fuel-poverty-tables.xlsx", made_up_fuel())])
    with Govuk({FUEL_2022: page}, {FUEL_COLLECTION: [FUEL_2022]}) as server:
        attempts = [fetch_one(tmp_path / "landing", server.url, FUEL)]
    with Ons(pages={WAGE_PAGE: {path: EditionPage({path: b"x", f"{path}/{WAGES_2024}": b"x"})}}) as ons:
        attempts.append(fetch_one(tmp_path / "landing", ons.base_urls, WAGE))
    with Ees() as ees:
        ees.data_sets[KEY_STAGE_4] = {"id": path, "title": path, "status": "Published"}
        ees.data_sets[KEY_STAGE_4]["latestVersion"] = {"version": path, "published": path}
        attempts.append(fetch_one(tmp_path / "landing", ees.url, "ees_key_stage_4"))
    assert {attempt.outcome for attempt in attempts} <= {"rejected", "failed"}, attempts
    assert_fit_to_show(attempts)
    assert_nothing_else_was_written(tmp_path)


# Keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", [s for s in ASKED if s.id in KEYS], ids=lambda service: service.id)
def test_bytes_that_repeat_our_key_are_not_kept_and_the_message_does_not_repeat_it(
    service: Service, tmp_path: Path
) -> None:
    key = KEYS[service.id]
    with ScriptedServer(respond(f"<html>You asked with {key}</html>".encode())) as server:
        attempts = ask(tmp_path / "landing", server, service)
    assert {(attempt.outcome, attempt.reason) for attempt in attempts} == {("rejected", "key_repeated")}
    assert_fit_to_show(attempts)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()] == []
