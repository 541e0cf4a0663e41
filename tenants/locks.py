"""One process at a time for what builds databases: start and new companies; and for each company
one at a time that changes its tables.

The locks live beside the control database, because that is what the processes share.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from tenants.context import CONTROL_ALIAS
from tenants.databases import is_sqlite, server_cursor
from tenants.errors import TenantError
from tenants.models import Tenant

WAIT_SECONDS = 300


@contextmanager
def installation_lock() -> Iterator[None]:
    """Held by one process of the installation; the end of the process frees it.

    Raises TenantError when another holds it for longer than WAIT_SECONDS.
    """
    with _lock(""):
        yield


@contextmanager
def company_lock(tenant: Tenant) -> Iterator[None]:
    """For whoever changes the tables of a company that exists: the installation's lock would make
    a thousand others wait, and every start. The control database is changed under that one.

    Raises TenantError, as above.
    """
    if tenant.alias == CONTROL_ALIAS:
        yield
        return
    with _lock(tenant.key):
        yield


def _lock(key: str) -> AbstractContextManager[None]:
    control = settings.DATABASES[CONTROL_ALIAS]
    name = str(control["NAME"])
    if is_sqlite(control):
        return _file_lock(Path(name).with_suffix(f".{key}.lock" if key else ".lock"))
    return _server_lock(control, f"{name}/{key}" if key else name)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """An exclusive transaction on an empty SQLite file: works alike on Linux and Windows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise _too_long() from error
        yield


@contextmanager
def _server_lock(control: dict[str, Any], what: str) -> Iterator[None]:
    digest = hashlib.sha256(what.encode()).hexdigest()
    name = f"whapco:{digest[:16]}"  # MySQL allows 64 characters
    with server_cursor(control, patience_seconds=WAIT_SECONDS + 10) as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [name, WAIT_SECONDS])
        if cursor.fetchone()[0] != 1:
            raise _too_long()
        try:
            yield
        finally:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [name])


def _too_long() -> TenantError:
    return TenantError(_("Otro proceso está preparando las bases de datos y no termina."))
