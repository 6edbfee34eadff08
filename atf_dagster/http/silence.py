"""Whether an origin is still asked in this fetch run, by what it has left unanswered.

Without this, each part of a silent publisher waits through all of its attempts, and the refresh with its lock for them.

Belongs here: counting requests without an answer, adding up the seconds lost, the reason to stop. Does not belong here:
attempts and waiting times of one download (`client`, `pace`), sorting failures (`failures`).
"""

import math
import threading
import time
from dataclasses import replace

from atf_dagster.http.failures import SPOKEN, FetchFailure
from atf_dagster.http.limits import Budget, Origin

_AT_ONCE = 1.0
"""Seconds. Requests that are refused together, within this time, are one sign of silence and not several."""


class Silence:
    """What one origin left unanswered; all threads of a fetch run share it. It is never kept for the next one.

    An answer is a whole body, a 304, or a refusal that no retry will change; each megabyte of a body counts as well.
    """

    def __init__(self, origin: Origin, budget: Budget) -> None:
        self._origin = origin
        self._budget = budget
        self._lock = threading.Lock()
        self._unanswered = 0
        self._lost = 0.0
        self._last_answer = self._last_silence = self._counted_until = -math.inf
        self.why = ""
        """Why the origin is not asked again in this fetch run; empty while it is asked."""
        self.refusal: FetchFailure | None = None
        """What a request to it gets from then on."""

    def answered(self) -> None:
        """The origin answered: what it left unanswered before does not count any more."""
        with self._lock:
            self._last_answer = time.monotonic()
            self._unanswered = 0

    def failed(self, failure: FetchFailure, *, began: float, asked: float) -> None:
        """An attempt failed. began: when the download began; asked: when this request was sent (`time.monotonic`)."""
        if not failure.retryable:
            self.answered()
            return
        with self._lock:
            now = time.monotonic()
            # Several threads wait at the same time, and an answer to one of them ends the silence for all.
            self._lost += max(0.0, now - max(began, self._counted_until, self._last_answer))
            self._counted_until = now
            if failure.kind in SPOKEN:
                self._unanswered = 0
            together = asked < self._last_silence and now - asked < _AT_ONCE
            if failure.silent and self._last_answer < asked and not together:
                self._unanswered += 1
                self._last_silence = now
            if self.refusal is None:
                self._judge(failure)

    def _judge(self, failure: FetchFailure) -> None:
        limit, seconds = self._budget.unanswered, self._budget.seconds
        if limit and self._unanswered >= limit:
            said = f"left {self._unanswered} requests of this refresh unanswered"
        elif seconds and self._lost > seconds:
            said = f"cost this refresh {self._lost:.0f} s without an answer"
        else:
            return
        self.why = f"{self._origin} {said}, so it is not asked again before the next refresh"
        # The parts that are not asked get the reason of the request that was one too many.
        message = f"the request was not sent, because of an earlier one: {failure.message}"
        self.refusal = replace(failure, message=message, again=False, silent=False, pause=None)
