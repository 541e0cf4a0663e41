"""Brings many companies' databases up to the code, several at a time."""

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tenants.connections import close_all
from tenants.errors import TenantError
from tenants.models import Tenant
from tenants.services import migrate_tenant

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """`problem`: why the company is still behind, in words for whoever can act."""

    tenant: Tenant
    was_behind: bool = False
    problem: str = ""


def migrate_all(tenants: Sequence[Tenant], jobs: int) -> Iterator[Outcome]:
    """What became of each company, in the order in which they end; one's failure is not the
    others'. After KeyboardInterrupt those that have begun are finished, and told, before it goes
    on: a migration must not stop between its tables and its record.

    Plain threads: each company travels as an argument, and `migrate` waits for its database.
    """
    waiting: queue.SimpleQueue[Tenant] = queue.SimpleQueue()
    ended: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    for tenant in tenants:
        waiting.put(tenant)
    threads = [
        threading.Thread(target=_work, args=(waiting, ended), name="migrate")
        for _number in range(max(1, min(jobs, len(tenants))))
    ]
    for thread in threads:
        thread.start()
    try:
        for _tenant in tenants:
            yield ended.get()
    except KeyboardInterrupt:
        _finish(waiting, threads)
        while not ended.empty():
            yield ended.get()
        raise
    finally:
        _finish(waiting, threads)


def _finish(waiting: "queue.SimpleQueue[Tenant]", threads: list[threading.Thread]) -> None:
    while _next(waiting) is not None:
        pass
    for thread in threads:
        thread.join()


def _next(waiting: "queue.SimpleQueue[Tenant]") -> Tenant | None:
    try:
        return waiting.get_nowait()
    except queue.Empty:
        return None


def _work(waiting: "queue.SimpleQueue[Tenant]", ended: "queue.SimpleQueue[Outcome]") -> None:
    while (tenant := _next(waiting)) is not None:
        ended.put(_migrate(tenant))
    close_all()


def _migrate(tenant: Tenant) -> Outcome:
    try:
        return Outcome(tenant, was_behind=migrate_tenant(tenant))
    except TenantError as error:
        return Outcome(tenant, problem=str(error))
    except Exception as error:  # a thread's door: a migration's own code may raise anything
        logger.exception("Company %s could not be migrated", tenant.key)
        words = {"kind": type(error).__name__, "reason": error}
        return Outcome(tenant, problem=_("La actualización falló: %(kind)s: %(reason)s") % words)
