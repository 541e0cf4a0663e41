"""Makes companies in the background, in the sight of whoever asked for them.

The row is the queue; the task carries its number only, so no credential goes through a broker.
"""

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from tenants.connections import close_all
from tenants.context import on_commit
from tenants.creation_models import CompanyCreation
from tenants.databases import ensure_database, undo
from tenants.errors import TenantError
from tenants.locks import installation_lock
from tenants.models import Tenant
from tenants.numbers import Number
from tenants.places import require_free
from tenants.progress import Progress
from tenants.reasons import as_tenant_error
from tenants.services import create_tenant, ensure_tenant_schema

logger = logging.getLogger(__name__)
State = CompanyCreation.State
_PLACE = ("db_name", "db_host", "db_port", "db_user")
_SECRETS = ("db_password", "meta_token", "verify_token", "app_secret")


def start_creation(
    tenant: Tenant,
    *,
    metadata: dict[str, Any],
    numbers: Sequence[Number],
    init_schema: bool,
    requested_by: str,
) -> CompanyCreation:
    """Have an unsaved company made; in a request of the control scope, once it has committed.
    Asked twice at once for the same key, it is made once."""
    running = open_creation(tenant.key)
    if running is not None:
        return running
    description = _place(tenant) | {
        "name": tenant.name,
        "paid_until": tenant.paid_until and tenant.paid_until.isoformat(),
        "metadata": metadata,
        "numbers": [asdict(number) for number in numbers],
        "init_schema": init_schema,
    }
    secrets = {name: getattr(tenant, name) for name in _SECRETS if getattr(tenant, name)}
    return _start(
        key=tenant.key,
        description=description,
        secrets=json.dumps(secrets) if secrets else "",
        requested_by=requested_by,
    )


def start_schema(tenant: Tenant, *, requested_by: str) -> CompanyCreation:
    """Have the database of a company made, or brought up to date."""
    running = open_creation(tenant.key)
    if running is not None:
        return running
    return _start(
        key=tenant.key, tenant=tenant, description=_place(tenant), requested_by=requested_by
    )


def retry(creation: CompanyCreation) -> None:
    """Take an interrupted one up again. One that is alive is left alone."""
    on_commit(lambda: make.enqueue(creation.pk))


def discard(creation: CompanyCreation, *, by: str) -> bool:
    """Give an interrupted one up: what it made goes, its credentials too. False: it is alive.
    Raises TenantError when what it made cannot be taken back now; it can be tried again."""
    if not _claim(creation.pk):
        return False
    creation.refresh_from_db()
    _clear_away(creation)
    _end(creation, State.FAILED, error=_("%(name)s la descartó.") % {"name": by})
    return True


def open_creation(key: str) -> CompanyCreation | None:
    """The one that is being worked at now."""
    waiting = CompanyCreation.objects.filter(key=key, state__in=(State.WAITING, State.RUNNING))
    return next((found for found in waiting.order_by("-pk") if not found.is_interrupted), None)


def recent_creations() -> QuerySet[CompanyCreation]:
    """What the list of companies tells of: what is open, and what failed since yesterday."""
    yesterday = timezone.now() - timedelta(days=1)
    is_open = Q(state__in=(State.WAITING, State.RUNNING))
    failed = Q(state=State.FAILED, beat_at__gte=yesterday)
    shown = CompanyCreation.objects.filter(is_open | failed).select_related("tenant")
    return shown.defer("secrets").order_by("-pk")[:10]


@task()
def make(creation_id: int) -> None:
    """Do what the row describes, unless a living process is at it."""
    if not _claim(creation_id):
        return
    creation = CompanyCreation.objects.get(pk=creation_id)
    with _beating(creation):
        try:
            tenant = _make(creation)
        except TenantError as error:
            _end(creation, State.FAILED, error=str(error))
        except Exception:
            logger.exception("Company %s could not be made", creation.key)
            _end(creation, State.FAILED, error=_("Algo falló por dentro. El registro lo cuenta."))
        else:
            _end(creation, State.DONE, tenant=tenant)


def _make(creation: CompanyCreation) -> Tenant:
    progress = _Progress(creation)
    if creation.tenant is not None:
        ensure_tenant_schema(creation.tenant, progress)
        return creation.tenant
    description = creation.description
    return create_tenant(
        _described(creation),
        metadata=description["metadata"],
        numbers=[Number(**number) for number in description["numbers"]],
        init_schema=description["init_schema"],
        progress=progress,
    )


class _Progress(Progress):
    """Writes on the row how far it is."""

    def __init__(self, creation: CompanyCreation) -> None:
        self._row = CompanyCreation.objects.filter(pk=creation.pk)

    def step(self, name: str) -> None:
        self._row.update(step=name, beat_at=timezone.now())


def _start(**fields: Any) -> CompanyCreation:
    creation = CompanyCreation.objects.create(beat_at=timezone.now(), **fields)
    on_commit(lambda: make.enqueue(creation.pk))
    return creation


def _claim(creation_id: int) -> bool:
    """Whether it is this process's turn."""
    now = timezone.now()
    dead = now - timedelta(seconds=CompanyCreation.DEAD_AFTER_SECONDS)
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, beat_at__lt=dead)
    ours = CompanyCreation.objects.filter(free, pk=creation_id)
    first = CompanyCreation.Step.CHECK
    return bool(ours.update(state=State.RUNNING, step=first, beat_at=now))


def _end(creation: CompanyCreation, state: str, **fields: Any) -> None:
    """A failure does not cover the success of another process that was thought dead."""
    row = CompanyCreation.objects.filter(pk=creation.pk)
    if state == State.FAILED:
        row = row.filter(state=State.RUNNING)
    row.update(state=state, secrets="", beat_at=timezone.now(), **fields)


@contextmanager
def _beating(creation: CompanyCreation) -> Iterator[None]:
    """Show that the process is alive for as long as the job runs."""
    over = threading.Event()
    beat = threading.Thread(target=_beat, args=(creation.pk, over), name="creation", daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()


def _beat(creation_id: int, over: threading.Event) -> None:
    while not over.wait(CompanyCreation.BEAT_SECONDS):
        running = CompanyCreation.objects.filter(pk=creation_id, state=State.RUNNING)
        try:
            running.update(beat_at=timezone.now())
        except DatabaseError:
            logger.warning("Creation %s gave no sign of life", creation_id, exc_info=True)
        close_all()


def _clear_away(creation: CompanyCreation) -> None:
    """Take up what a killed try left, as the next try would, and take it down. A company that
    exists keeps its database. Raises TenantError when the server is away."""
    left = _described(creation)
    with as_tenant_error(left), installation_lock():
        if creation.is_new_company and _is_free(left):
            undo(left, ensure_database(left))


def _is_free(left: Tenant) -> bool:
    try:
        require_free(left)
    except TenantError:
        return False
    return True


def _place(tenant: Tenant) -> dict[str, Any]:
    return {name: getattr(tenant, name) for name in _PLACE}


def _described(creation: CompanyCreation) -> Tenant:
    """The company as the row describes it, unsaved."""
    description = creation.description
    until = description.get("paid_until")
    return Tenant(
        key=creation.key,
        name=description.get("name", ""),
        paid_until=date.fromisoformat(until) if until else None,
        **{name: description[name] for name in _PLACE},
        **(json.loads(creation.secrets) if creation.secrets else {}),
    )
