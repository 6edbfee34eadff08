"""When the next request to a host may go, and how long to wait after a failure.

Here belongs: the spacing of requests to one host over all threads, the pause a host asks for, and the length
of a backoff.
Not here: which failures deserve another attempt (`failures`).
"""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from atf_dagster.http.limits import Limits

# More digits than this are no number of seconds that anybody waits.
_MOST_DIGITS = 9


class Pace:
    """Turns for the requests to one host, shared by every thread that asks it."""

    def __init__(self, requests_per_second: float, sleep: Callable[[float], None]) -> None:
        self._interval = 1.0 / requests_per_second if requests_per_second else 0.0
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_turn = 0.0
        self._held_until = 0.0

    def hold(self, seconds: float) -> None:
        """Let no request to this host go for so many seconds, whichever thread would send it."""
        with self._lock:
            self._held_until = max(self._held_until, time.monotonic() + seconds)

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
                if self._held_until <= turn:
                    return waited
            # The host asked for a pause while this thread was waiting for its turn.
            now = max(time.monotonic(), turn)
            turn = self._take_turn(now)

    def _take_turn(self, now: float) -> float:
        with self._lock:
            turn = max(now, self._next_turn, self._held_until)
            self._next_turn = turn + self._interval
            return turn


def backoff(attempt: int, limits: Limits) -> float:
    """Seconds to wait after the failure of attempt number `attempt` (from 1): exponential, with full jitter.

    Full jitter (anything from nothing to the ceiling) keeps threads that failed together from returning
    together.
    """
    ceiling = min(limits.backoff_cap, limits.backoff_first * 2.0 ** (attempt - 1))
    return random.uniform(0.0, ceiling)  # noqa: S311


def retry_after(header: str | None, limits: Limits) -> float | None:
    """Seconds that a `Retry-After` asks for, never more than the cap; None where it asks for nothing
    sensible.

    Takes seconds or an HTTP date. Negative, zero, past and unreadable values count as absent: none of them
    says when to come back.
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
