"""Is a database as new as the code? The stamp says so without asking that database."""

import hashlib
import io
from functools import cache

from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Q
from django.utils import timezone

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


def behind_filter() -> Q:
    """`is_behind` for companies with a database of their own, as a condition on their rows."""
    code = code_schema_version()
    as_many = Q(schema_version__startswith=code[:_COUNT_DIGITS])
    return Q(schema_version__lt=code[:_COUNT_DIGITS]) | (as_many & ~Q(schema_version=code))


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


def missing_migrations(connection: BaseDatabaseWrapper) -> int:
    """How many of the code's migrations that database has not got. The connection need not be a
    registered one."""
    with connection.cursor() as cursor:
        if "django_migrations" not in connection.introspection.table_names(cursor):
            return len(_graph().nodes)
        cursor.execute("SELECT app, name FROM django_migrations")
        return len(set(_graph().nodes) - set(cursor.fetchall()))


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
    Tenant.objects.filter(pk=tenant.pk).update(
        schema_version=tenant.schema_version, updated_at=timezone.now()
    )
