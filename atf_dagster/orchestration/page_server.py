"""A small server on loopback for the pages of a home, so that Dagster's links to them open.

Belongs here: validation pages of runs, digests, the page of the current release; nothing else of the home is served.
Does not belong here: making pages. Beside `atf dev`; where others are to see them, see docs/behind-a-proxy.md.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

SERVED = re.compile(
    r"^/(runs/[0-9a-f-]{36}/validation\.html"
    r"|(snapshot|live)/alerts/digests/[0-9]{6}\.html"
    r"|releases/(current|[0-9]{6}-[0-9]{8}T[0-9]{6}Z)/validation\.html)$"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@contextmanager
def serving(home: Path, port: int) -> Iterator[str]:
    """Serve the pages of a home on loopback for as long as the block lasts; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            file = home / path.lstrip("/")
            if not SERVED.match(path) or not file.is_file():
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            body = file.read_bytes()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Who looked at which page is nobody's business."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
