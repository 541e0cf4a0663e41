"""Runs a table of periodic jobs: each in one process at a time, by a JobLease row."""

import logging
import os
import socket
import threading
import time
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
from tenants.models import JobLease
from tenants.schema import is_behind

logger = logging.getLogger(__name__)
OWNER = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
HOLD_SECONDS = 10  # a killed process keeps a job from the others no longer than this


@dataclass(frozen=True)
class Job:
    """`run` is called once per active company, inside its context, every `every_seconds`; and
    `at_start` of each process, whoever holds the lease."""

    name: str
    every_seconds: int
    run: Callable[[], object]
    at_start: bool = False


def run_due(jobs: Sequence[Job]) -> None:
    """Run those whose time has come and which no other process holds."""
    close_old()
    for job in jobs:
        if _claim(job):
            with _held(job):
                run_job(job)


def run_job(job: Job) -> None:
    """One company's failure does not keep the job from the others. One whose tables are not yet
    as the code has them waits for `migrate_tenants`."""
    for tenant in registry.active_tenants():
        try:
            if is_behind(tenant):
                continue
            with tenant_context(tenant):
                job.run()
        except Exception:
            logger.exception("Job %s failed for company %s", job.name, tenant.key)


def start_thread(jobs: Sequence[Job], tick_seconds: float = 1.0) -> None:
    """Run the table for as long as this process lives."""
    thread = threading.Thread(
        target=_loop, args=(jobs, tick_seconds), name="scheduler", daemon=True
    )
    thread.start()


def _loop(jobs: Sequence[Job], tick_seconds: float) -> None:
    for job in jobs:
        if job.at_start:
            _guarded(partial(run_job, job))
    while True:
        _guarded(partial(run_due, jobs))
        time.sleep(tick_seconds)


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
    if JobLease.objects.filter(due & free, name=job.name).update(**held):
        return True
    if JobLease.objects.filter(name=job.name).exists():
        return False
    _lease, created = JobLease.objects.get_or_create(name=job.name, defaults=held)
    return created


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
