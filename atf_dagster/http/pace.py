"""When the next request to a host may be sent, and how long to wait after a failure.

Belongs here: the time between requests to one host over all threads, the pause that a host asks for, the length of a
backoff. Does not belong here: which failures get another attempt (`failures`).
"""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from atf_dagster.http.limits import Limits

# Nobody waits a number of seconds with more digits than this.
_MOST_DIGITS = 9


class Pace:
    """Gives turns to the requests to one host; all threads that ask this host share it."""

    def __init__(self, requests_per_second: float, sleep: Callable[[float], None]) -> None:
        self._interval = 1.0 / requests_per_second if requests_per_second else 0.0
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_turn = 0.0
        self._paused_until = 0.0

    def hold(self, seconds: float) -> None:
        """Send no request to this host for so many seconds, from any thread."""
        with self._lock:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def wait_turn(self) -> float:
        """Sleep until this thread's turn; returns the seconds slept."""
        now = time.monotonic()
        turn = self._take_turn(now)
        waited = 0.0
        while True:
            if turn > now:
                self._sleep(turn - now)
                waited += turn - now
            with self._lock:
                if self._paused_until <= turn:
                    return waited
            # The host asked for a pause while this thread was waiting for its turn.
            now = max(time.monotonic(), turn)
            turn = self._take_turn(now)

    def _take_turn(self, now: float) -> float:
        with self._lock:
            turn = max(now, self._next_turn, self._paused_until)
            self._next_turn = turn + self._interval
            return turn


def backoff(attempt: int, limits: Limits) -> float:
    """Seconds to wait after the failure of attempt number `attempt` (from 1): exponential, with full jitter.

    Full jitter (any time from zero to the ceiling) spreads threads that failed at the same moment.
    """
    ceiling = min(limits.backoff_cap, limits.backoff_first * 2.0 ** (attempt - 1))
    return random.uniform(0.0, ceiling)  # noqa: S311


def retry_after(header: str | None, limits: Limits) -> float | None:
    """Seconds that a `Retry-After` asks for, at most the cap; None if it gives no usable time.

    The header has seconds or an HTTP date. Negative, zero, past and unreadable values count as absent: they do not say
    when to ask again.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text) if len(text) <= _MOST_DIGITS else limits.retry_after_cap
    else:
        try:
            when = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()
    return min(seconds, limits.retry_after_cap) if seconds > 0 else None
