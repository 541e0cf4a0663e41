"""Asks a company's database whether it answers, with settings that may not be stored yet."""

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from django.utils.translation import gettext as _

from tenants.context import CONTROL_ALIAS
from tenants.databases import is_sqlite
from tenants.errors import TenantError
from tenants.models import Tenant
from tenants.reasons import as_tenant_error
from tenants.schema import missing_migrations

CONNECT_SECONDS = 5


@dataclass(frozen=True)
class Probe:
    """Milliseconds to connect and to answer a first query; migrations that are not there yet."""

    connect_ms: float
    answer_ms: float
    missing: int
    is_empty: bool


def probe_database(tenant: Tenant) -> Probe:
    """Connect as the company would. Raises TenantError within a few seconds when that fails."""
    with as_tenant_error(tenant), closing(_connection(tenant)) as connection:
        started = time.perf_counter()
        connection.ensure_connection()
        connected = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        answered = time.perf_counter()
        return Probe(
            connect_ms=(connected - started) * 1000,
            answer_ms=(answered - connected) * 1000,
            missing=missing_migrations(connection),
            is_empty=not connection.introspection.table_names(),
        )


def _connection(tenant: Tenant) -> BaseDatabaseWrapper:
    """A connection of its own: the registered one has the settings that are stored."""
    entry = tenant.database_settings()
    if tenant.alias == CONTROL_ALIAS:
        entry = connections[CONTROL_ALIAS].settings_dict
    if is_sqlite(entry):
        if not Path(str(entry["NAME"])).exists():  # connecting would create it
            raise TenantError(
                _(
                    "El archivo '%(name)s' no existe. Para crearlo, marca «Crear/actualizar "
                    "esquema aislado» y guarda."
                )
                % {"name": Path(str(entry["NAME"])).name}
            )
    else:
        patience = {"connect_timeout": CONNECT_SECONDS, "read_timeout": CONNECT_SECONDS}
        entry = {**entry, "OPTIONS": {**entry.get("OPTIONS", {}), **patience}}
    full = connections.configure_settings({CONTROL_ALIAS: dict(entry)})[CONTROL_ALIAS]
    wrapper: BaseDatabaseWrapper = load_backend(full["ENGINE"]).DatabaseWrapper(full, "_probe")
    return wrapper
