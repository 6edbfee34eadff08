"""Channels on loopback: a real mail server and a real webhook, which can be closed and opened again.

Belongs here: the servers and what they received. Does not belong here: what must arrive (the test modules).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from support.server import Answer, LoopbackServer, Request, respond


@dataclass
class Webhook:
    """Takes Apprise's JSON. `port` stays its own while it is closed."""

    port: int
    status: int = 200
    received: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """What came that is not Apprise's."""

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    @contextmanager
    def open(self, *, answers_anything: bool = False) -> Iterator[None]:
        hook = self

        class Server(LoopbackServer):
            def answer(self, request: Request) -> Answer:
                if answers_anything:
                    hook.bodies.append(request.body)
                elif hook.status == 200:
                    hook.received.append(json.loads(request.body))
                return respond(b"", status=hook.status)

        with Server(port=self.port):
            yield


@dataclass
class MailServer:
    """Speaks SMTP. `mails` are the messages as they were received."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=warehouse@example.org&to=team@example.org"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    @contextmanager
    def open(self) -> Iterator[None]:
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield
        finally:
            controller.stop()
