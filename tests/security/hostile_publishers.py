"""The bundled publishers on loopback, with a hostile text in place of names.

Belongs here: how a text is put into CSV, JSON and workbooks, and the texts. Does not belong here: what must come of it.
Of Stat-Xplore nothing is bundled: it has a server of its own.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any
from xml.sax.saxutils import escape

from atf_dagster.catalogue import load
from support.bundled import BundledPublishers, Usual
from support.publishers.nomis import LatestVintage, Nomis, invented
from support.server import Request

NAMES = ("Liverpool", "Leeds")
"""One of the nine, whose name the catalogue has, and a council whose name comes from a publisher's lookup."""
HOSTILE = (
    '=HYPERLINK("http://evil.example";"x") King\'s Lynn\'); drop table fct_observation; -- '
    '<script>alert(1)</script> {{ env_var("HOME") }} {% raw %} [x](javascript:alert(1)) |a|b| ../../../etc/passwd'
)
FORGED = "fetch 1/1: forged.all: landed"
"""What a line of progress looks like."""
CONTROLS = "\x1b[2J\u202e\u2028\x85"
"""Clears a terminal, turns the rest of the line round, and ends a line for whoever splits at every kind of end."""
NOTE = f"A note\n{FORGED}{CONTROLS}"
SAID = {"csv": f"{HOSTILE}\n{FORGED}{CONTROLS}", "json": f"{HOSTILE}\n{FORGED}{CONTROLS}", "workbook": HOSTILE}
"""XML has no control characters, and a heading of several lines is one line."""
REPLACED = {"ukhsa": ("infectious_disease",)}
"""Service -> what is replaced in its answers, where that is not a name: a name is part of the question there."""


def hostile(body: bytes, names: tuple[str, ...]) -> bytes:
    """The same answer with the hostile text where one of `names` stood as a whole cell or a whole value."""
    if body.startswith(b"PK"):
        return _in_zip(body, names)
    if body.lstrip()[:1] in (b"{", b"["):
        return json.dumps(_in_json(json.loads(body), names)).encode()
    return _in_csv(body, names)


def _in_csv(body: bytes, names: tuple[str, ...]) -> bytes:
    text = body.decode("utf-8-sig")
    out = io.StringIO(newline="")
    end = "\r\n" if "\r\n" in text else "\n"
    writer = csv.writer(out, lineterminator=end)
    for row in csv.reader(io.StringIO(text, newline="")):
        writer.writerow([SAID["csv"] if cell in names else cell for cell in row])
    written = out.getvalue()
    return (written if text.endswith("\n") else written.removesuffix(end)).encode()


def _in_json(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _in_json(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_in_json(inner, names) for inner in value]
    return SAID["json"] if value in names else value


def _in_zip(body: bytes, names: tuple[str, ...]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member)
            if content.startswith(b"PK"):
                content = _in_zip(content, names)
            for name in names:
                content = content.replace(f">{name}<".encode(), f">{escape(SAID['workbook'])}<".encode())
            new.writestr(member, content)
    return target.getvalue()


class HostilePublishers(BundledPublishers):
    """All services that the snapshot speaks for; names in their answers, and the name of each file, are hostile."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["content_disposition"] = 'attachment; filename="../../../../etc/passwd"'

    def usual(self, service: str, origin: str, rest: str, request: Request) -> Usual:
        found = super().usual(service, origin, rest, request)
        if found.body is None:
            return found
        return Usual(hostile(found.body, REPLACED.get(service, NAMES)), found.content_type)


def residents() -> Nomis:
    """NOMIS with made-up residents of one council, whose name is then hostile."""
    catalogue, server = load(), Nomis()
    _, dataset = catalogue.dataset("nomis_population")
    ages = {code: f"Age {code}" for code in str(dataset.ask["c_age"]).split(",")}
    dimensions = {"gender": {"0": "Total"}, "c_age": ages, "measures": {"20100": "Value"}}
    areas = {area.code: area.name for area in catalogue.areas if area.type != "subregion"}
    server.latest[dataset.source_id] = LatestVintage(
        dimensions, invented(dimensions, areas, {"2024": "2024"}, lambda row: "1000")
    )
    server.damage = lambda query, body: hostile(body, ("Liverpool",))
    return server
