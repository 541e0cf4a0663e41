"""Where a company's database may be: a place of its own, never taken, never another program's."""

import ipaddress
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from tenants.context import CONTROL_ALIAS
from tenants.databases import is_on_control_server, is_sqlite, server_cursor, table_names
from tenants.errors import TenantError
from tenants.models import Tenant, control_location
from tenants.sites import own_tables

_OURS = {"django_migrations", "tenants_user", "tenants_role"}
_CONTROL_TABLE = "tenants_tenant"
_LOCAL = "127.0.0.1"
_HOST = re.compile(r"[A-Za-z0-9._:%/\[\]-]*")  # a name, an address, or a socket's path
_MYSQL_PORT = 3306
_LAST_PORT = 65535


def locate(tenant: Tenant) -> None:
    """Complete where the database of a new company is: on the control server unless said
    otherwise; on SQLite there is neither server nor port."""
    control = control_location()
    if is_sqlite(settings.DATABASES[CONTROL_ALIAS]):
        tenant.db_host, tenant.db_port = "", 0
    elif not tenant.db_host:
        tenant.db_host = control["db_host"]
        tenant.db_port = tenant.db_port or control["db_port"]
    tenant.db_port = tenant.db_port or (_MYSQL_PORT if tenant.db_host else 0)
    if _comparable(tenant.location) == _comparable(control):
        for field, value in control.items():
            setattr(tenant, field, value)


def is_same_place(one: Tenant, other: Tenant) -> bool:
    return _comparable(one.location) == _comparable(other.location)


def is_in_control(tenant: Tenant) -> bool:
    return tenant.location == control_location()


def require_free(tenant: Tenant) -> None:
    """Raises TenantError when the place is another company's, now or once, or control's; or when
    it is none.

    The unique constraint again, for servers and file systems that hold `Acme` and `acme` equal,
    and for the many names of one server.
    """
    _refuse_odd(tenant)
    is_new = tenant._state.adding
    if is_new and is_in_control(tenant) and tenant.key != settings.DEFAULT_TENANT:
        raise TenantError(_("La base de control solo puede ser de la empresa por defecto."))
    place = _comparable(tenant.location)
    for other in Tenant.objects.exclude(pk=tenant.pk).only("key", "db_host", "db_port", "db_name"):
        is_namesake = _comparable(other.location)[2] == place[2]
        if _comparable(other.location) == place or (
            is_new and is_namesake and _is_same_server(tenant, other)
        ):
            raise TenantError(
                _("La base de datos '%(name)s' pertenece a la empresa '%(key)s'.")
                % {"name": tenant.db_name, "key": other.key}
            )


def refuse_foreign_tables(tenant: Tenant) -> None:
    """Raises TenantError when the database holds what another program, or another installation's
    registry, put there."""
    judge_tables(tenant, table_names(tenant))


def refuse_missing_tables(tenant: Tenant) -> None:
    """Raises TenantError unless a company's tables are where they were: a database that went away
    or was emptied must not be filled as if it were new, and nobody notice."""
    own = tenant.database_settings()
    is_there = not is_sqlite(own) or Path(str(own["NAME"])).exists()
    if is_there and table_names(tenant) >= _OURS:
        return
    raise TenantError(
        _(
            "La base de datos '%(name)s' no está o no tiene sus tablas. Restaura su último "
            "respaldo; si la empresa es nueva, marca «Crear/actualizar esquema aislado» y guarda."
        )
        % {"name": tenant.db_name}
    )


def judge_tables(tenant: Tenant, tables: set[str]) -> None:
    """Raises TenantError unless these tables may be in a database of the company's."""
    is_control = tenant.alias == CONTROL_ALIAS
    if _CONTROL_TABLE in tables and not is_control:
        raise TenantError(
            _("'%(name)s' es la base de control de una instalación.") % {"name": tenant.db_name}
        )
    if tables >= _OURS or tables <= own_tables():
        return
    if is_control and "django_migrations" not in tables:
        return  # an older installation's tables do not get in our way
    raise TenantError(
        _("La base de datos '%(name)s' ya tiene tablas de otra aplicación; use una vacía.")
        % {"name": tenant.db_name}
    )


def _refuse_odd(tenant: Tenant) -> None:
    if not _HOST.fullmatch(tenant.db_host):
        raise TenantError(_("El servidor no es un nombre ni una dirección."))
    if not 0 <= tenant.db_port <= _LAST_PORT:
        raise TenantError(_("El puerto va de 1 a 65535."))


def _is_same_server(tenant: Tenant, other: Tenant) -> bool:
    """Whether another address leads to the same server: a lock taken at one is seen at the other.
    Asked with the new company's credentials, which open the other address if it is."""
    if is_sqlite(settings.DATABASES[CONTROL_ALIAS]):
        return False
    here = settings.DATABASES[CONTROL_ALIAS]
    if not is_on_control_server(tenant):
        here = tenant.database_settings()
    there = {**here, "HOST": other.db_host, "PORT": str(other.db_port)}
    lock = f"whapco:{uuid.uuid4().hex}"
    try:
        with server_cursor(here) as cursor, server_cursor(there) as witness:
            cursor.execute("SELECT GET_LOCK(%s, 0)", [lock])
            witness.execute("SELECT IS_USED_LOCK(%s)", [lock])
            return witness.fetchone()[0] is not None
    except DatabaseError:  # one does not answer, or is not for us
        return False


def _comparable(location: Mapping[str, Any]) -> tuple[str, int, str]:
    host = _canonical_host(str(location["db_host"]))
    return host, int(location["db_port"]), str(location["db_name"]).casefold()


def _canonical_host(host: str) -> str:
    name = host.lower().strip("[]").rstrip(".")
    if name == "localhost" or name.startswith("/"):  # a socket is this machine's
        return _LOCAL
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    mapped = getattr(address, "ipv4_mapped", None) or address
    return _LOCAL if mapped.is_loopback else str(mapped)
