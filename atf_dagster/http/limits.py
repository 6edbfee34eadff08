"""The limits of one download and of one origin, and the hosts that may be asked.

Belongs here: the limits of a download (`Limits`), of what an origin may cost (`Budget`), the origins that may be asked
(`Host`, `Origin`). Does not belong here: which publishers there are and their addresses (the catalogue and the
settings).
"""

import ipaddress
import math
from dataclasses import dataclass, fields
from typing import Self
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Limits:
    """The limits of one download. Times in seconds, sizes in bytes.

    total_deadline limits one attempt from its first connection to its last byte: a server that sends a byte now and
    then cannot stop a refresh for ever.
    max_bytes counts decoded bytes. max_ratio is decoded bytes to bytes on the wire. It applies above 10 MB: small
    tables of repeated text compress better than that for good reasons.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total_deadline: float = 600.0
    attempts: int = 5
    backoff_first: float = 1.0
    backoff_cap: float = 60.0
    retry_after_cap: float = 60.0
    max_bytes: int = 300_000_000
    max_ratio: float = 100.0
    max_redirects: int = 3

    def __post_init__(self) -> None:
        may_be_zero = {"backoff_first", "backoff_cap", "retry_after_cap", "max_redirects"}
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value) or value < 0 or (value == 0 and field.name not in may_be_zero):
                raise ValueError(f"Limits.{field.name} is {value}: it must be a finite number above zero.")


@dataclass(frozen=True)
class Budget:
    """What one origin may cost a fetch run in vain, before it is not asked again in it. 0 means no limit.

    unanswered: requests without an answer, one after the other: no connection, or no byte within the time limit.
    seconds: time in which no request was answered, backoff and pauses included.
    """

    unanswered: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.unanswered < 0 or not math.isfinite(self.seconds) or self.seconds < 0:
            raise ValueError("A budget is a number of requests and of seconds; give 0 or more of each.")


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port. An address belongs to a host if all three are the same."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """The origin of an absolute http or https address. ValueError if it has none; the text does not quote it.

        An address with a user name or a backslash is refused: parsers disagree about the host of such an address.
        """
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS:
            raise ValueError(f"the scheme is '{parts.scheme}', not https")
        if "@" in parts.netloc or "\\" in url:
            raise ValueError("it has a user name or a backslash")
        if not parts.hostname or not parts.netloc.isascii():
            raise ValueError("it has no plain host name")
        port = parts.port  # ValueError if it is not a number
        return cls(parts.scheme, parts.hostname.rstrip("."), _DEFAULT_PORTS[parts.scheme] if port is None else port)

    @property
    def is_loopback(self) -> bool:
        """Whether this is a loopback address, on which nobody else can listen."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


@dataclass(frozen=True)
class Host:
    """An origin that may be asked, and how often.

    base_url: HTTPS, or plain HTTP on loopback; ValueError otherwise. Its path is not used.
    requests_per_second: the pace of all threads together; 0 means no limit.
    """

    base_url: str
    requests_per_second: float

    def __post_init__(self) -> None:
        try:
            origin = Origin.of(self.base_url)
        except ValueError as reason:
            raise ValueError(f"A host's base URL cannot be used: {reason}.") from None
        if origin.scheme != "https" and not origin.is_loopback:
            raise ValueError(f"{origin} is plain HTTP: only a server on loopback may be asked without TLS.")
        if not math.isfinite(self.requests_per_second) or self.requests_per_second < 0:
            raise ValueError(f"{origin}: requests_per_second is {self.requests_per_second}; give 0 or more.")

    @property
    def origin(self) -> Origin:
        """Scheme, host and port of `base_url`."""
        return Origin.of(self.base_url)
