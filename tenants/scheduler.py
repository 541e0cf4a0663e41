"""Runs a table of periodic jobs: each in one process at a time, by a JobLease row."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from tenants import registry
from tenants.connections import close_all, close_old
from tenants.context import tenant_context
from tenants.databases import is_outage
from tenants.models import JobLease, Tenant
from tenants.rests import Rests
from tenants.schema import is_behind

logger = logging.getLogger(__name__)
OWNER = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
_rests: dict[str, Rests] = {}  # by the job's name
ERRORS_KEPT = 5
HOLD_SECONDS = 10  # a killed process keeps a job from the others no longer than this


@dataclass(frozen=True)
class Job:
    """`run` is called once per active company, inside its context, every `every_seconds`; and
    `at_start` of each process, whoever holds the lease.

    With `rests_seconds`, `run` tells whether the company has something to watch; one that has
    nothing, and that Meta has not written to, is asked again after at most that long.
    """

    name: str
    every_seconds: int
    run: Callable[[], object]
    at_start: bool = False
    rests_seconds: int = 0


def run_due(jobs: Sequence[Job]) -> None:
    """Run those whose time has come and which no other process holds."""
    close_old()
    for job in jobs:
        if _claim(job):
            with _held(job):
                _note_errors(job, run_job(job))


def run_job(job: Job) -> list[str]:
    """One company's failure does not keep the job from the others. Returns, in a few words, what
    failed; the whole of it is in the log."""
    failed: list[str] = []
    rests = _rests.setdefault(job.name, Rests())
    for tenant in registry.active_tenants(but=rests.covers if job.rests_seconds else None):
        try:
            _run_in(tenant, job, rests)
        except Exception as error:
            logger.exception("Job %s failed for company %s", job.name, tenant.key)
            failed.append(f"{tenant.key}: {type(error).__name__}")
            if is_outage(error):
                rests.begin_outage(tenant.key)
    return failed


def _note_errors(job: Job, failed: list[str]) -> None:
    """For the superadmins' page: of a thousand companies the first few."""
    text = ", ".join(failed[:ERRORS_KEPT]) + (" …" if len(failed) > ERRORS_KEPT else "")
    JobLease.objects.filter(name=job.name, owner=OWNER).update(last_error=text)


def _run_in(tenant: Tenant, job: Job, rests: Rests) -> None:
    """A company whose tables are not yet as the code has them waits for `migrate_tenants`."""
    rests.end(tenant.key)
    if is_behind(tenant):
        return
    with tenant_context(tenant):
        has_something = job.run()
    if job.rests_seconds and not has_something:
        rests.begin(tenant.key, job.rests_seconds)


def start_thread(jobs: Sequence[Job], tick_seconds: float = 1.0) -> None:
    """Run the table for as long as this process lives."""
    thread = threading.Thread(
        target=run_until,
        args=(threading.Event(), jobs, tick_seconds),
        name="scheduler",
        daemon=True,
    )
    thread.start()


def run_until(over: threading.Event, jobs: Sequence[Job], tick_seconds: float = 1.0) -> None:
    """Run the table here until `over` is set."""
    for job in jobs:
        if job.at_start:
            _guarded(partial(run_job, job))
    while not over.is_set():
        _guarded(partial(run_due, jobs))
        over.wait(tick_seconds)


def _guarded(run: Callable[[], object]) -> None:
    """The thread must outlive a database that is away for a while."""
    try:
        run()
    except Exception:
        logger.exception("The scheduler could not read companies and leases")


def _claim(job: Job) -> bool:
    now = timezone.now()
    due = Q(last_run_at=None) | Q(last_run_at__lte=now - timedelta(seconds=job.every_seconds))
    free = Q(until=None) | Q(until__lt=now)
    held = {"owner": OWNER, "until": now + timedelta(seconds=HOLD_SECONDS), "last_run_at": now}
    held |= {"every_seconds": job.every_seconds}
    if JobLease.objects.filter(due & free, name=job.name).update(**held):
        return True
    if JobLease.objects.filter(name=job.name).exists():
        return False
    _lease, created = JobLease.objects.get_or_create(name=job.name, defaults=held)
    return created


def forget() -> None:
    """Look at every company again."""
    _rests.clear()


@contextmanager
def _held(job: Job) -> Iterator[None]:
    """Keep the lease for as long as the job runs, and let go of it."""
    over = threading.Event()
    threading.Thread(target=_renew, args=(job, over), name="job-lease", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        JobLease.objects.filter(name=job.name, owner=OWNER).update(until=None)


def _renew(job: Job, over: threading.Event) -> None:
    while not over.wait(HOLD_SECONDS / 3):
        until = timezone.now() + timedelta(seconds=HOLD_SECONDS)
        ours = JobLease.objects.filter(name=job.name, owner=OWNER, until__isnull=False)
        try:
            ours.update(until=until)
        except DatabaseError:
            logger.warning("The lease of job %s was not renewed", job.name, exc_info=True)
        close_all()
