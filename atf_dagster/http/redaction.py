"""Keeps secrets out of the texts that people read.

A key is put into a request only when the request is sent.

Belongs here: removing the values of secret query parameters, and other known secrets, from addresses, messages and the
connection log. Does not belong here: which headers a host gets (`client`).
"""

import logging
import re
from collections.abc import Iterable

REDACTED = "REDACTED"

# Parameters whose names end in one of these have a secret value: `uid`, `api_key`, `subscription-key`, `access_token`,
# `X-Amz-Signature`.
_SECRET_NAME = r"[\w.\-]*(?:key|token|uid|sig|signature|secret|password|passwd|credential|credentials)"  # noqa: S105
_SECRET_PARAMETER = re.compile(rf"(?i)((?:^|[?&;\s\"'])(?:{_SECRET_NAME})=)[^&;#\s\"'<>]*")
_USER_INFO = re.compile(r"(?i)(\bhttps?://)[^/?#\s@]*@")
_SECRET_NAME_ONLY = re.compile(rf"(?i){_SECRET_NAME}")

# A shorter value would also match parts of ordinary words.
_SHORTEST_SECRET = 4


def is_secret_name(name: str) -> bool:
    """Whether a query parameter of this name has a secret value."""
    return _SECRET_NAME_ONLY.fullmatch(name) is not None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without user names in addresses, values of secret parameters, and the given secret values.

    `text` may be an address, or a sentence that quotes one.
    """
    text = _USER_INFO.sub(rf"\1{REDACTED}@", text)
    text = _SECRET_PARAMETER.sub(rf"\1{REDACTED}", text)
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REDACTED)
    return text


class _RedactingFilter(logging.Filter):
    """Rewrites the records of a connection log; it drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(redact(arg) if isinstance(arg, str) else arg for arg in record.args)
        if isinstance(record.msg, str):
            record.msg = redact(record.msg)
        return True


def guard_connection_log() -> None:
    """Apply `redact` to urllib3's logs, which print whole addresses at debug level. A second call changes nothing."""
    for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
        log = logging.getLogger(name)
        if not any(isinstance(present, _RedactingFilter) for present in log.filters):
            log.addFilter(_RedactingFilter())
