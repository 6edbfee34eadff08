"""Keeping secrets out of what people read.

Here belongs: taking the values of secret query parameters, and any other value known to be secret, out of
addresses, messages and the connection log. A key enters a request when it is sent, and nowhere else.
Not here: deciding which headers a host may receive (`client`).
"""

import logging
import re
from collections.abc import Iterable

REDACTED = "REDACTED"

# Names that end in one of these carry a secret: `uid`, `api_key`, `subscription-key`, `access_token`,
# `X-Amz-Signature`.
_SECRET_NAME = r"[\w.\-]*(?:key|token|uid|sig|signature|secret|password|passwd|credential|credentials)"  # noqa: S105
_SECRET_PARAMETER = re.compile(rf"(?i)((?:^|[?&;\s\"'])(?:{_SECRET_NAME})=)[^&;#\s\"'<>]*")
_USER_INFO = re.compile(r"(?i)(\bhttps?://)[^/?#\s@]*@")
_SECRET_NAME_ONLY = re.compile(rf"(?i){_SECRET_NAME}")

# A shorter value would be found by chance inside innocent words.
_SHORTEST_SECRET = 4


def is_secret_name(name: str) -> bool:
    """Whether a query parameter of this name carries a secret."""
    return _SECRET_NAME_ONLY.fullmatch(name) is not None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without user names in addresses, values of secret parameters, and the given secret values.

    Works on a bare address and on any sentence that quotes one.
    """
    text = _USER_INFO.sub(rf"\1{REDACTED}@", text)
    text = _SECRET_PARAMETER.sub(rf"\1{REDACTED}", text)
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REDACTED)
    return text


class _RedactingFilter(logging.Filter):
    """Rewrites the records of a connection log; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(redact(arg) if isinstance(arg, str) else arg for arg in record.args)
        if isinstance(record.msg, str):
            record.msg = redact(record.msg)
        return True


def guard_connection_log() -> None:
    """Make urllib3's logs, which print whole addresses at debug level, pass through `redact`. Idempotent."""
    for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
        log = logging.getLogger(name)
        if not any(isinstance(present, _RedactingFilter) for present in log.filters):
            log.addFilter(_RedactingFilter())
