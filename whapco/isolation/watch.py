"""What a company's database holds, compared after every request: did somebody change it?"""

import hashlib
from typing import Any

from django.db import connections

from tenants.connections import register
from tenants.context import CONTROL_ALIAS
from tenants.models import Tenant

State = dict[str, Any]
REGISTRY = {  # the company's own rows in the control database
    "tenants_tenant": "SELECT * FROM tenants_tenant WHERE id = %s",
    "tenants_whatsappnumber": "SELECT * FROM tenants_whatsappnumber WHERE tenant_id = %s",
}


class Watch:
    """Over every table of `tenant` and its rows in the registry."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._alias = register(tenant)
        names = connections[self._alias].introspection.table_names()
        self._tables = sorted(connections[self._alias].ops.quote_name(name) for name in names)
        self._state = self._read()

    def changed(self) -> list[str]:
        """The tables that are not as they were at the last call."""
        before, self._state = self._state, self._read()
        return sorted(name for name in before if before[name] != self._state[name])

    def _read(self) -> State:
        connection = connections[register(self._tenant)]
        connection.ensure_connection()
        state = self._checksums() if connection.vendor == "mysql" else self._hashes()
        with connections[CONTROL_ALIAS].cursor() as cursor:
            for name, query in REGISTRY.items():
                cursor.execute(query, [self._tenant.pk])
                state[name] = cursor.fetchall()
        return state

    def _checksums(self) -> State:
        with connections[self._alias].cursor() as cursor:
            cursor.execute(f"CHECKSUM TABLE {', '.join(self._tables)}")
            return {str(name).split(".")[-1]: checksum for name, checksum in cursor.fetchall()}

    def _hashes(self) -> State:
        """The driver's own cursor: after each request, Django's would cost as much as it."""
        execute = connections[self._alias].connection.execute
        rows = {name: repr(execute(f"SELECT * FROM {name}").fetchall()) for name in self._tables}  # noqa: S608
        return {
            name.strip('"'): hashlib.sha256(text.encode()).digest() for name, text in rows.items()
        }
