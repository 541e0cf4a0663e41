"""How our business numbers are doing: paused by a refused token, asked to slow down, in trouble."""

import hashlib
import time
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from conversations.models import NumberState
from conversations.whatsapp.errors import GraphError
from tenants.context import current_tenant, on_commit
from tenants.together import together
from whapco.lib import bus

USUAL_RATE: Final = 80.0  # per second, of a number whose level nobody knows (cloud-api 2.6)
_WELL: Final = {
    "paused_at": None,
    "resume_at": None,
    "reason": "",
    "error_code": None,
    "token_mark": "",
}
LOOK_AGAIN = timedelta(seconds=60)  # how soon a paused number is asked about again
_CACHE_SECONDS = 1.0
_cache: dict[tuple[str, str], tuple[float, NumberState | None]] = {}


def paused_until(phone_number_id: str) -> datetime | None:
    """When to ask again; None when the number may send. A pause for a refused token ends when
    the company's token changes."""
    state = _state(phone_number_id)
    if state is None or state.paused_at is None:
        return None
    if state.resume_at is not None:
        return state.resume_at if state.resume_at > timezone.now() else None
    return timezone.now() + LOOK_AGAIN if state.token_mark == _token_mark() else None


def send_rate(phone_number_id: str) -> float:
    """Messages per second; 0: no limit. By the number's level, once Meta has told it; a
    SEND_RATE_PER_NUMBER other than the usual one is never passed. Costs nothing after
    `paused_until`."""
    limit = float(settings.SEND_RATE_PER_NUMBER)
    state = _state(phone_number_id) if limit else None
    if state is None or not state.per_second:
        return limit
    return state.per_second if limit == USUAL_RATE else min(limit, state.per_second)


def pause(phone_number_id: str, error: GraphError) -> None:
    """Stop the number until its token changes, and tell the company why."""
    _save(phone_number_id, error, resume_at=None)


def resume(phone_number_id: str) -> None:
    """Forget what was wrong with the number."""
    NumberState.objects.filter(pk=phone_number_id).update(**_WELL)
    _changed(phone_number_id)


def slow_down(phone_number_id: str, seconds: float, error: GraphError) -> None:
    """Let the whole number rest: Meta counts its throughput, not the contact's."""
    _save(phone_number_id, error, resume_at=timezone.now() + timedelta(seconds=seconds))


def note_trouble(phone_number_id: str, code: int | None, reason: str) -> None:
    """Keep what is wrong with the number or its account until a send works again. It may go on
    sending: Meta refuses message by message."""
    _keep(phone_number_id, paused_at=None, resume_at=None, reason=reason, error_code=code)


def note_success(phone_number_id: str) -> None:
    """A send worked: what was wrong with the number is over. Costs nothing when nothing was."""
    known = _cache.get((current_tenant().key, phone_number_id))
    state = known[1] if known else None
    if state is not None and state.reason and state.paused_at is None:
        NumberState.objects.filter(pk=phone_number_id, paused_at=None).update(**_WELL)
        _changed(phone_number_id)


def paused() -> list[NumberState]:
    """The numbers that send nothing until their token changes."""
    return [state for state in troubled() if state.paused_at]


def troubled() -> list[NumberState]:
    """The numbers that a person must look at, each with its reason: paused ones, and those whose
    account Meta complains about."""
    states = NumberState.objects.filter(resume_at=None).exclude(reason="").order_by("pk")
    return [state for state in states if _holds(state)]


def trouble_of(phone_number_id: str) -> NumberState | None:
    """What is wrong with the number now, if anything: the same, or a rest that Meta asked for
    (`resume_at`). Read afresh."""
    state = read_states([phone_number_id])[0]
    return state if state is not None and state.reason and _holds(state) else None


def last_check(phone_number_id: str) -> NumberState | None:
    """What Meta said of the number when it was last asked, if it ever was."""
    state = NumberState.objects.filter(pk=phone_number_id).first()
    return state if state is not None and state.check_text else None


def note_check(phone_number_id: str, *, level: str, text: str, per_second: int | None) -> None:
    """Keep what Meta said of the number; an unknown level leaves the rate as it was."""
    found: dict[str, Any] = {"check_level": level, "check_text": text}
    found |= {"checked_at": timezone.now()} | ({"per_second": per_second} if per_second else {})
    together(_keep_checks, (phone_number_id, found))
    _cache.pop((current_tenant().key, phone_number_id), None)


def _keep_checks(checks: list[tuple[str, dict[str, Any]]]) -> list[None]:
    """Group operation: after a start all companies' numbers are asked about at once, and each
    would open its database in a thread of its own."""
    for phone_number_id, found in checks:
        NumberState.objects.update_or_create(phone_number_id=phone_number_id, defaults=found)
    return [None] * len(checks)


def ask_soon() -> None:
    """Meta has news of the company's numbers: the next check asks about them again."""
    NumberState.objects.update(checked_at=None)


def _holds(state: NumberState) -> bool:
    if state.resume_at is not None:
        return state.resume_at > timezone.now()
    return state.paused_at is None or state.token_mark == _token_mark()


def _save(phone_number_id: str, error: GraphError, resume_at: datetime | None) -> None:
    _keep(
        phone_number_id,
        paused_at=timezone.now(),
        resume_at=resume_at,
        reason=error.text,
        error_code=error.code,
    )


def _keep(phone_number_id: str, **columns: Any) -> None:
    NumberState.objects.update_or_create(
        phone_number_id=phone_number_id, defaults={**columns, "token_mark": _token_mark()}
    )
    _changed(phone_number_id, is_shown=columns["resume_at"] is None)


def _changed(phone_number_id: str, *, is_shown: bool = True) -> None:
    """Open pages show what a person must look at; a rest passes by itself."""
    key = current_tenant().key
    _cache.pop((key, phone_number_id), None)
    if is_shown:
        on_commit(lambda: bus.publish(key, bus.TO_ALL))


def _state(phone_number_id: str) -> NumberState | None:
    name = (current_tenant().key, phone_number_id)
    known = _cache.get(name)
    if known is not None and time.monotonic() - known[0] < _CACHE_SECONDS:
        return known[1]
    state = together(read_states, phone_number_id)
    _cache[name] = (time.monotonic(), state)
    return state


def read_states(phone_number_ids: list[str]) -> list[NumberState | None]:
    """Group operation."""
    found = NumberState.objects.in_bulk(list(set(phone_number_ids)))
    return [found.get(phone_number_id) for phone_number_id in phone_number_ids]


def forget() -> None:
    _cache.clear()


def _token_mark() -> str:
    """Tells whether the token is still the refused one, without keeping it."""
    return hashlib.sha256(current_tenant().config.meta_token.encode()).hexdigest()[:16]
