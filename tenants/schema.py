"""Is a database as new as the code? The stamp says so without asking that database."""

import hashlib
import io
from functools import cache

from django.core.management import call_command
from django.db import connections
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tenants.context import CONTROL_ALIAS, tenant_context
from tenants.models import Tenant

_COUNT_DIGITS = 5
_current: set[str] = set()


@cache
def code_schema_version() -> str:
    """`<number of migrations>-<hash of the last of each app>`; computed once per process."""
    leaves = "|".join(".".join(leaf) for leaf in sorted(_graph().leaf_nodes()))
    digest = hashlib.sha256(leaves.encode()).hexdigest()[:12]
    return f"{len(_graph().nodes):0{_COUNT_DIGITS}d}-{digest}"


def is_behind(tenant: Tenant) -> bool:
    """Whether the company's database waits for `migrate_tenants`.

    A database with *more* migrations than this code is let through: during an update the old
    processes go on serving while the new ones start.
    """
    if tenant.alias == CONTROL_ALIAS:
        return not control_is_current()
    stamp, code = tenant.schema_version, code_schema_version()
    if stamp[:_COUNT_DIGITS] == code[:_COUNT_DIGITS]:
        return stamp != code
    return stamp < code


def control_is_current() -> bool:
    """Whether the control database has every migration; asked until it once has."""
    if CONTROL_ALIAS not in _current and not has_pending_migrations(CONTROL_ALIAS):
        _current.add(CONTROL_ALIAS)
    return CONTROL_ALIAS in _current


def forget() -> None:
    """Ask again whether the control database is current."""
    _current.clear()


def has_pending_migrations(alias: str) -> bool:
    """Ask the database itself: one query."""
    applied = MigrationRecorder(connections[alias]).applied_migrations()
    return not set(_graph().leaf_nodes()) <= set(applied)


@cache
def _graph() -> MigrationGraph:
    graph: MigrationGraph = MigrationLoader(None, ignore_no_migrations=True).graph
    return graph


def migrate_database(tenant: Tenant) -> None:
    """Bring the company's tables up to the code. Its database must exist."""
    with tenant_context(tenant):
        if not has_pending_migrations(tenant.alias):
            return
        call_command(
            "migrate",
            database=tenant.alias,
            interactive=False,
            verbosity=0,
            skip_checks=True,
            stdout=io.StringIO(),
        )


def stamp_schema(tenant: Tenant) -> None:
    """Write down, on the company's row, that its database is as new as this code."""
    tenant.schema_version = code_schema_version()
    Tenant.objects.filter(pk=tenant.pk).update(schema_version=tenant.schema_version)
