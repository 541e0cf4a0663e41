"""Where a company's database may be: a place of its own, never taken, never another program's."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils.translation import gettext as _

from tenants.context import CONTROL_ALIAS
from tenants.databases import is_sqlite, table_names
from tenants.errors import TenantError
from tenants.models import Tenant, control_location

_OURS = {"django_migrations", "tenants_user", "tenants_role"}
_CONTROL_TABLE = "tenants_tenant"
_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", "[::1]"}
_MYSQL_PORT = 3306


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
    """Raises TenantError when the place is another company's, now or once, or control's.

    The unique constraint again, for servers and file systems that hold `Acme` and `acme` equal.
    """
    is_new = tenant._state.adding
    if is_new and is_in_control(tenant) and tenant.key != settings.DEFAULT_TENANT:
        raise TenantError(_("La base de control solo puede ser de la empresa por defecto."))
    place = _comparable(tenant.location)
    for other in Tenant.objects.exclude(pk=tenant.pk).only("key", "db_host", "db_port", "db_name"):
        if _comparable(other.location) == place:
            raise TenantError(
                _("La base de datos '%(name)s' pertenece a la empresa '%(key)s'.")
                % {"name": tenant.db_name, "key": other.key}
            )


def refuse_foreign_tables(tenant: Tenant) -> None:
    """Raises TenantError when the database holds what another program, or another installation's
    registry, put there."""
    tables = table_names(tenant)
    is_control = tenant.alias == CONTROL_ALIAS
    if _CONTROL_TABLE in tables and not is_control:
        raise TenantError(
            _("'%(name)s' es la base de control de una instalación.") % {"name": tenant.db_name}
        )
    if tables >= _OURS or tables <= _own_tables():
        return
    if is_control and "django_migrations" not in tables:
        return  # an older installation's tables do not get in our way
    raise TenantError(
        _("La base de datos '%(name)s' ya tiene tablas de otra aplicación; use una vacía.")
        % {"name": tenant.db_name}
    )


def _own_tables() -> set[str]:
    introspection = connections[CONTROL_ALIAS].introspection
    return {"django_migrations", *introspection.django_table_names(include_views=False)}


def _comparable(location: Mapping[str, Any]) -> tuple[str, int, str]:
    host = str(location["db_host"]).lower()
    host = "127.0.0.1" if host in _LOCAL_HOSTS else host
    return host, int(location["db_port"]), str(location["db_name"]).casefold()
