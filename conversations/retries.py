"""When a message that Meta refused goes out again: one policy for answers and for receipts."""

import random
from datetime import datetime, timedelta

from django.utils import timezone

from conversations import numbers
from conversations.whatsapp.errors import Action, GraphError

MAX_BACKOFF_SECONDS = 60
MAX_PAIR_SECONDS = 256


def next_try(error: GraphError, attempts: int, phone_number_id: str) -> datetime | None:
    """None: give up. Meta counts throughput by number, so that all of the number's chats rest."""
    if not error.may_pass or attempts >= error.tries:
        return None
    seconds = error.wait_seconds or backoff_seconds(error.action, attempts)
    if error.action is Action.BACKOFF:
        numbers.slow_down(phone_number_id, seconds, error)
    return timezone.now() + timedelta(seconds=seconds)


def backoff_seconds(action: Action, attempts: int) -> float:
    """4^n for the pair limit (cloud-api 2.6), else doubling up to a minute; with jitter, so
    that what failed together does not come back together."""
    base = 4.0 ** (attempts - 1) if action is Action.PAIR else 2.0 ** (attempts - 1)
    limit = MAX_PAIR_SECONDS if action is Action.PAIR else MAX_BACKOFF_SECONDS
    return min(base, limit) * random.uniform(1.0, 1.25)  # noqa: S311
