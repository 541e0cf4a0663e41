"""Which company is active here and now. The only ContextVar of the project.

Threads and streaming bodies do not inherit it: pass the company's key and enter `tenant_context`
again.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.db import connections, transaction

if TYPE_CHECKING:
    from tenants.models import Tenant

CONTROL_ALIAS = "default"

_active: ContextVar["Tenant | None"] = ContextVar("active_tenant", default=None)
_write_locks: dict[str, threading.RLock] = {}
_write_locks_guard = threading.Lock()


class NoTenant(Exception):
    """A company's data was asked for while no company is active: fail closed, never guess."""


@contextmanager
def tenant_context(tenant: "Tenant") -> Iterator["Tenant"]:
    """Make `tenant` the active company inside the block; its database becomes reachable."""
    from tenants.connections import register

    register(tenant)
    token = _active.set(tenant)
    try:
        yield tenant
    finally:
        _active.reset(token)


def current_tenant() -> "Tenant":
    """The active company. Raises NoTenant when there is none."""
    tenant = _active.get()
    if tenant is None:
        raise NoTenant("No company is active: enter tenant_context() first.")
    return tenant


def has_tenant() -> bool:
    return _active.get() is not None


def require_alias() -> str:
    """The database alias of the active company. Raises NoTenant when there is none."""
    return current_tenant().alias


@contextmanager
def atomic() -> Iterator[None]:
    """A transaction on the active company's database.

    On SQLite one writer per file and process at a time: SQLite's own busy handler is unfair and
    lets the last of many writers wait for hundreds of milliseconds.
    """
    alias = require_alias()
    with _writer(alias), transaction.atomic(using=alias):
        yield


@contextmanager
def control_atomic() -> Iterator[None]:
    """A transaction on the control database: for the registry of companies only."""
    with _writer(CONTROL_ALIAS), transaction.atomic(using=CONTROL_ALIAS):
        yield


def on_commit(do: Callable[[], object]) -> None:
    """Run `do` once the active company's transaction has committed, at once when there is none."""
    transaction.on_commit(do, using=require_alias())


@contextmanager
def _writer(alias: str) -> Iterator[None]:
    connection = connections[alias]
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with _write_lock(str(connection.settings_dict["NAME"])):
        yield


def _write_lock(path: str) -> AbstractContextManager[bool]:
    with _write_locks_guard:
        return _write_locks.setdefault(path, threading.RLock())
