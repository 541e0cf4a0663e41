"""One process at a time for what builds databases: start, new companies, schemas.

The lock lives beside the control database, because that is what the processes share.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from tenants.context import CONTROL_ALIAS
from tenants.databases import is_sqlite, server_cursor
from tenants.errors import TenantError

WAIT_SECONDS = 300


@contextmanager
def installation_lock() -> Iterator[None]:
    """Held by one process of the installation; the end of the process frees it.

    Raises TenantError when another holds it for longer than WAIT_SECONDS.
    """
    control = settings.DATABASES[CONTROL_ALIAS]
    lock = _file_lock(control) if is_sqlite(control) else _server_lock(control)
    with lock:
        yield


@contextmanager
def _file_lock(control: dict[str, Any]) -> Iterator[None]:
    """An exclusive transaction on an empty SQLite file: works alike on Linux and Windows."""
    path = Path(str(control["NAME"])).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise _too_long() from error
        yield


@contextmanager
def _server_lock(control: dict[str, Any]) -> Iterator[None]:
    digest = hashlib.sha256(str(control["NAME"]).encode()).hexdigest()
    name = f"whapco:{digest[:16]}"  # MySQL allows 64 characters
    with server_cursor(control) as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [name, WAIT_SECONDS])
        if cursor.fetchone()[0] != 1:
            raise _too_long()
        try:
            yield
        finally:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [name])


def _too_long() -> TenantError:
    return TenantError(_("Otro proceso está preparando las bases de datos y no termina."))
