"""How our business numbers are doing: paused by a refused token, asked to slow down, in trouble."""

import hashlib
import time
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from conversations.models import NumberState
from conversations.whatsapp.errors import GraphError
from tenants.context import current_tenant
from tenants.together import together

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


def pause(phone_number_id: str, error: GraphError) -> None:
    """Stop the number until its token changes, and tell the company why."""
    _save(phone_number_id, error, resume_at=None)


def resume(phone_number_id: str) -> None:
    """Forget what was wrong with the number."""
    NumberState.objects.filter(pk=phone_number_id).delete()
    _cache.pop((current_tenant().key, phone_number_id), None)


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
    if state is not None and state.paused_at is None:
        NumberState.objects.filter(pk=phone_number_id, paused_at=None).delete()
        _cache.pop((current_tenant().key, phone_number_id), None)


def paused() -> list[NumberState]:
    """The numbers that send nothing until their token changes."""
    return [state for state in troubled() if state.paused_at]


def troubled() -> list[NumberState]:
    """The numbers that a person must look at, each with its reason: paused ones, and those whose
    account Meta complains about."""
    states = NumberState.objects.filter(resume_at=None).order_by("pk")
    return [s for s in states if s.paused_at is None or s.token_mark == _token_mark()]


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
    _cache.pop((current_tenant().key, phone_number_id), None)


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
