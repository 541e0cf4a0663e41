"""Keeps the leases of chats whose worker takes long: a voice note, a slow Meta, many replies.

A lease is short, so that a killed process does not hold its chats for long; while the worker
lives, one thread per process renews it.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone

from conversations.models import Conversation
from tenants.connections import close_all
from tenants.context import current_tenant, tenant_context
from tenants.models import Tenant

logger = logging.getLogger(__name__)
LEASE = timedelta(seconds=20)
RENEW_SECONDS = 5.0
KEPT_SECONDS = 600.0  # a worker that hangs for longer loses its chat


@dataclass(frozen=True, eq=False)
class Lease:
    """A worker's hold on a chat, `since` that moment of the monotonic clock."""

    tenant: Tenant
    conversation_id: int
    token: str
    since: float


_held: set[Lease] = set()
_lock = threading.Lock()
_keeper: threading.Thread | None = None


@contextmanager
def kept(conversation_id: int, token: str) -> Iterator[None]:
    """Renew the lease for as long as the block runs."""
    lease = Lease(current_tenant(), conversation_id, token, time.monotonic())
    with _lock:
        _held.add(lease)
        _start()
    try:
        yield
    finally:
        with _lock:
            _held.discard(lease)


def renew_all() -> int:
    """Renew the leases that need it. Returns how many."""
    leases: defaultdict[str, list[Lease]] = defaultdict(list)
    now = time.monotonic()
    with _lock:
        for lease in _held:
            if RENEW_SECONDS <= now - lease.since < KEPT_SECONDS:
                leases[lease.tenant.key].append(lease)
    return sum(_renew(of_company) for of_company in leases.values())


def _renew(leases: list[Lease]) -> int:
    """Those of one company. One that was lost meanwhile, or let go of, stays so."""
    tokens = {lease.token for lease in leases}
    ids = [lease.conversation_id for lease in leases]
    try:
        with tenant_context(leases[0].tenant):
            ours = Conversation.objects.filter(pk__in=ids, lease_owner__in=tokens)
            return ours.update(lease_until=timezone.now() + LEASE)
    except DatabaseError:
        logger.warning("Leases of %s were not renewed", leases[0].tenant.key, exc_info=True)
        return 0


def _start() -> None:
    global _keeper
    if _keeper is None:
        _keeper = threading.Thread(target=_keep, name="leases", daemon=True)
        _keeper.start()


def _keep() -> None:
    while True:
        time.sleep(RENEW_SECONDS)
        if renew_all():
            close_all()
