"""How fast we may send: per business number, and per number and contact (cloud-api 2.6).

Token buckets in this process. Meta has the last word: 130429 and 131056 slow us down too.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings

PAIR_SECONDS = 6.0  # Meta: one message per 6 s to the same contact, after the burst
_EARLY_SECONDS = 0.005  # clocks differ: a turn that is nearly there has come
_REMEMBERED = 10_000

Name = TypeVar("Name")


@dataclass
class Bucket:
    """`tokens` at `at` (monotonic seconds); may go below zero: a debt to be waited for."""

    tokens: float
    at: float

    def fill(self, per_second: float, burst: float) -> None:
        now = time.monotonic()
        self.tokens = min(burst, self.tokens + (now - self.at) * per_second)
        self.at = now

    def take(self, per_second: float) -> float:
        """Take a token, also one that is still to come; how long until it does."""
        self.tokens -= 1
        return max(0.0, -self.tokens / per_second)


_pairs: OrderedDict[tuple[str, int], Bucket] = OrderedDict()
_numbers: OrderedDict[str, Bucket] = OrderedDict()
_turns: OrderedDict[tuple[str, int], float] = OrderedDict()  # when a chat may go on
_lock = threading.Lock()


def wait_seconds(
    phone_number_id: str, contact_id: int, *, per_second: float | None = None
) -> float:
    """0 when a message may leave now, and is counted; else how long to wait and ask again.
    `per_second`: the number's rate, SEND_RATE_PER_NUMBER unless it is told; 0: no limit.

    Chats that wait for their number queue: each has a turn of its own, and asking again before
    it comes costs nothing.
    """
    rate = settings.SEND_RATE_PER_NUMBER if per_second is None else per_second
    burst = settings.SEND_PAIR_BURST
    chat = (phone_number_id, contact_id)
    with _lock:
        if chat in _turns:
            return _until_turn(chat)
        wait = _wait_of_pair(chat, burst) if burst else 0.0
        return _take_turn(chat, rate) if rate and not wait else wait


def forget() -> None:
    for remembered in (_pairs, _numbers, _turns):
        remembered.clear()


def _until_turn(chat: tuple[str, int]) -> float:
    wait = _turns[chat] - time.monotonic()
    if wait > _EARLY_SECONDS:
        return wait
    del _turns[chat]
    return 0.0


def _wait_of_pair(chat: tuple[str, int], burst: float) -> float:
    bucket = _remembered(_pairs, chat, burst)
    bucket.fill(1 / PAIR_SECONDS, burst)
    return (
        bucket.take(1 / PAIR_SECONDS) if bucket.tokens >= 1 else (1 - bucket.tokens) * PAIR_SECONDS
    )


def _take_turn(chat: tuple[str, int], rate: float) -> float:
    bucket = _remembered(_numbers, chat[0], max(1.0, rate))
    bucket.fill(rate, max(1.0, rate))
    wait = bucket.take(rate)
    if wait:
        _turns[chat] = time.monotonic() + wait
        _drop_oldest(_turns)
    return wait


def _remembered(buckets: OrderedDict[Name, Bucket], name: Name, burst: float) -> Bucket:
    bucket = buckets.setdefault(name, Bucket(burst, time.monotonic()))
    buckets.move_to_end(name)
    _drop_oldest(buckets)
    return bucket


def _drop_oldest(remembered: OrderedDict[Name, Any]) -> None:
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)
