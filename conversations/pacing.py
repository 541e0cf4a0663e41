"""How fast we may send: per business number, and per number and contact (cloud-api 2.6).

Token buckets in this process. Meta has the last word: 130429 and 131056 slow us down too.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from django.conf import settings

PAIR_SECONDS = 6.0  # Meta: one message per 6 s to the same contact, after the burst
_REMEMBERED = 10_000


@dataclass
class Bucket:
    """`tokens` at `at` (monotonic seconds); may go below zero: a debt to be waited for."""

    tokens: float
    at: float

    def take(self, per_second: float, burst: float) -> float:
        """Seconds to wait for the token; 0 when it was taken."""
        now = time.monotonic()
        self.tokens = min(burst, self.tokens + (now - self.at) * per_second)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / per_second


_buckets: OrderedDict[tuple[str, int], Bucket] = OrderedDict()
_lock = threading.Lock()


def wait_seconds(phone_number_id: str, contact_id: int) -> float:
    """0 when a message may leave now, and is counted; else how long to wait and ask again."""
    rate, burst = settings.SEND_RATE_PER_NUMBER, settings.SEND_PAIR_BURST
    with _lock:
        wait = _take((phone_number_id, contact_id), 1 / PAIR_SECONDS, burst) if burst else 0.0
        if wait or not rate:
            return wait
        return _take((phone_number_id, 0), rate, max(1.0, rate))


def forget() -> None:
    _buckets.clear()


def _take(name: tuple[str, int], per_second: float, burst: float) -> float:
    bucket = _buckets.get(name)
    if bucket is None:
        bucket = _buckets[name] = Bucket(burst, time.monotonic())
        while len(_buckets) > _REMEMBERED:
            _buckets.popitem(last=False)
    _buckets.move_to_end(name)
    return bucket.take(per_second, burst)
