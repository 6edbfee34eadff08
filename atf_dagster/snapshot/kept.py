"""Answers that were rendered before: the same request gives the same bytes, and a workbook takes time to write.

Belongs here: where they are kept, and when one counts. Does not belong here: how an answer comes about.

They lie beside the project and not in any home, below a fingerprint of the figures and of the code that renders them.
Each is written in one step, so that two processes may write the same one, and proves itself by its hash, so that one
that a power cut has damaged is rendered again. Where the folder cannot be written, everything is rendered each time.
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
    """The answers of one bundle; may be shared by several threads. `folder` holds one folder a fingerprint."""

    def __init__(self, bundle: Path, folder: Path) -> None:
        self._bundle = bundle
        self._folder = folder

    def get(self, host: str, path: str, query: Query) -> Answer | NotBundled | None:
        """What the same request came to; None where nobody asked it before, or its file is damaged."""
        try:
            line, _, body = self._file(host, path, query).read_bytes().partition(b"\n")
            head: dict[str, Any] = json.loads(line)
            if head["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            if "held" in head:
                return NotBundled(head["asked"], head["held"])
            return Answer(head["status"], head["content_type"], body, head["headers"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, host: str, path: str, query: Query, found: Answer | NotBundled) -> None:
        """Keep an answer where that is possible; what other figures or other code rendered is removed."""
        head: dict[str, Any]
        if isinstance(found, NotBundled):
            head, body = {"asked": found.asked, "held": found.bundled}, b""
        else:
            head, body = {"status": found.status, "content_type": found.content_type}, found.body
            head["headers"] = dict(found.headers)
        head["sha256"] = hashlib.sha256(body).hexdigest()
        file = self._file(host, path, query)
        temporary = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}.tmp")
        with suppress(OSError):
            if not file.parent.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                self._remove_others()
            temporary.write_bytes(json.dumps(head).encode() + b"\n" + body)
            temporary.replace(file)

    def _file(self, host: str, path: str, query: Query) -> Path:
        request = json.dumps([host, path, query])
        return self._folder / self._fingerprint / hashlib.sha256(request.encode()).hexdigest()

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256(f"{sys.version} xlsxwriter {metadata.version('xlsxwriter')}".encode())
        code = Path(__file__).parent
        paths = {path for pattern in RENDERED_FROM for folder in (code, self._bundle) for path in folder.glob(pattern)}
        for path in sorted(path for path in paths if path.is_file()):
            digest.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:32]

    def _remove_others(self) -> None:
        for path in self._folder.iterdir():
            if path.name != self._fingerprint:
                shutil.rmtree(path, ignore_errors=True)
