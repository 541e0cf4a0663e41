"""Which companies a periodic job leaves in peace: a thousand databases need not be asked every ten
seconds whether anything has happened in them."""

import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

# After a webhook, which each process notes once a minute (heard.py) by a clock of its own.
AWAKE = timedelta(minutes=5)
NAP_SECONDS = 60.0  # of those who are awake: a thousand that are busy cost no less to look at
OUTAGE_SECONDS = 60.0  # a server that does not answer holds a job up for seconds each time


@dataclass(frozen=True)
class _Rest:
    until: float
    if_awake_until: float


class Rests:
    """What one process knows of one job's companies. A process that starts knows of none, and
    looks at them all: nothing that a crash left has to wait."""

    def __init__(self) -> None:
        self._rests: dict[str, _Rest] = {}

    def covers(self, key: str, last_webhook_at: datetime | None) -> bool:
        """Whether to leave the company alone now. A webhook shortens its rest to a nap."""
        rest = self._rests.get(key)
        if rest is None:
            return False
        is_awake = last_webhook_at is not None and last_webhook_at > timezone.now() - AWAKE
        return time.monotonic() < (rest.if_awake_until if is_awake else rest.until)

    def begin(self, key: str, seconds: float) -> None:
        """There is nothing to watch. For somewhat less than that long: they do not all end at
        once."""
        share = random.uniform(0.5, 1.0)  # noqa: S311  (nobody gains by guessing)
        now = time.monotonic()
        self._rests[key] = _Rest(now + seconds * share, now + NAP_SECONDS * share)

    def begin_outage(self, key: str) -> None:
        until = time.monotonic() + OUTAGE_SECONDS
        self._rests[key] = _Rest(until, until)

    def end(self, key: str) -> None:
        self._rests.pop(key, None)
