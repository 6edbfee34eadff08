"""Keeps rendered answers: the same request gives the same bytes, and a workbook takes time to write.

They are beside the project and not in a home, below a fingerprint of the figures and of the code that renders them.
Each is written in one step, so two processes may write the same one. Each has a hash, so one that a power cut has
damaged is rendered again. Where the folder cannot be written, every answer is rendered each time.

Belongs here: where answers are kept, and which of them may be used. Does not belong here: rendering an answer (the
publishers' modules).
"""

import hashlib
import json
import os
import shutil
import sys
import threading
from contextlib import suppress
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from atf_dagster.settings import PROJECT
from atf_dagster.snapshot.answer import Answer, NotBundled, Query

FOLDER = PROJECT / ".cache" / "snapshot"
RENDERED_FROM = ("*.py", "*.yml", "figures/**/*", "reference/**/*")


class KeptAnswers:
    """The answers of one bundle. Several threads may share it. `folder` has one folder for each fingerprint."""

    def __init__(self, bundle: Path, folder: Path) -> None:
        self._bundle = bundle
        self._folder = folder

    def get(self, host: str, path: str, query: Query) -> Answer | NotBundled | None:
        """The kept answer to the same request; None where there is none or its file is damaged."""
        try:
            head, _, body = self._file(host, path, query).read_bytes().partition(b"\n")
            kept: dict[str, Any] = json.loads(head)
            if kept["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            if "bundled" in kept:
                return NotBundled(kept["asked"], kept["bundled"])
            return Answer(kept["status"], kept["content_type"], body, kept["headers"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, host: str, path: str, query: Query, found: Answer | NotBundled) -> None:
        """Keep an answer where the folder can be written. Removes answers of other figures or other code."""
        kept: dict[str, Any]
        if isinstance(found, NotBundled):
            kept, body = {"asked": found.asked, "bundled": found.bundled}, b""
        else:
            kept, body = {"status": found.status, "content_type": found.content_type}, found.body
            kept["headers"] = dict(found.headers)
        kept["sha256"] = hashlib.sha256(body).hexdigest()
        file = self._file(host, path, query)
        temporary = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}.tmp")
        with suppress(OSError):
            if not file.parent.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                self._remove_others()
            temporary.write_bytes(json.dumps(kept).encode() + b"\n" + body)
            temporary.replace(file)

    def _file(self, host: str, path: str, query: Query) -> Path:
        request = json.dumps([host, path, query])
        return self._folder / self._fingerprint / hashlib.sha256(request.encode()).hexdigest()

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256(f"{sys.version} xlsxwriter {metadata.version('xlsxwriter')}".encode())
        code = Path(__file__).parent
        paths = {
            (str(path.relative_to(folder)), path)
            for pattern in RENDERED_FROM
            for folder in (code, self._bundle)
            for path in folder.glob(pattern)
            if path.is_file()
        }
        for name, path in sorted(paths):  # not by the whole path: a copy of the project renders nothing else
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:32]

    def _remove_others(self) -> None:
        for path in self._folder.iterdir():
            if path.name != self._fingerprint:
                shutil.rmtree(path, ignore_errors=True)
