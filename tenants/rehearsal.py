"""What making or changing a company would do, told without doing it."""

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.utils.translation import gettext as _

from tenants import accounts, registry, sites
from tenants.context import CONTROL_ALIAS, control_atomic
from tenants.databases import (
    DENIED,
    WRONG_LOGIN,
    is_on_control_server,
    is_sqlite,
    server_cursor,
    wants_own_user,
)
from tenants.errors import TenantError
from tenants.models import Tenant
from tenants.places import judge_tables
from tenants.probing import probe_database
from tenants.reasons import as_tenant_error
from tenants.services import check_tenant, update_tenant


class _Undone(Exception):
    """Ends a transaction whose changes nobody wants."""


def rehearse_creation(
    tenant: Tenant, *, metadata: Mapping[str, Any] | None = None, init_schema: bool = True
) -> list[str]:
    """Sentences. Raises TenantError where making the company would, its server included."""
    numbers = check_tenant(tenant, metadata=metadata)
    told = [_("La empresa '%(key)s' tendría la base de datos %(place)s.") % _names(tenant)]
    told += [
        _("Recibiría los mensajes del número %(id)s.") % {"id": number.phone_number_id}
        for number in numbers
    ]
    with as_tenant_error(tenant):
        found = _look_at_file(tenant) if _on_sqlite() else _look_at_server(tenant)
    if init_schema:
        return told + found
    return [*told, _("Sin --init-schema no se crearían la base de datos ni sus tablas.")]


def rehearse_update(tenant: Tenant, **changes: Any) -> list[str]:
    """Sentences. Raises TenantError where `update_tenant` would, or when the company's database
    would not answer afterwards."""
    with suppress(_Undone), control_atomic():
        changed = update_tenant(tenant, **changes)
        raise _Undone
    registry.forget()
    fields = [
        str(field.verbose_name)
        for field in tenant._meta.fields
        if field.editable and _value(tenant, field.name) != _value(changed, field.name)
    ]
    told = [_("Cambiaría: %(fields)s.") % {"fields": ", ".join(fields)}] if fields else []
    return [*told, *_answer(changed)]


def shared_user_notice(tenant: Tenant) -> str:
    """That a company with a database works in it as the service's user; empty when it does not."""
    is_shared = not tenant.db_user and tenant.schema_version and tenant.alias != CONTROL_ALIAS
    if _on_sqlite() or not is_shared or not settings.OWN_DB_USERS:
        return ""
    return _(
        "La empresa entra en su base de datos con el usuario del servicio, que no puede crear "
        "usuarios: le faltan CREATE USER y GRANT OPTION."
    )


def _value(tenant: Tenant, name: str) -> object:
    """Metadata with an empty `env` are as good as none."""
    value = getattr(tenant, name)
    return {key: part for key, part in value.items() if part} if name == "metadata" else value


def _answer(tenant: Tenant) -> list[str]:
    """Of the database of a company that is registered."""
    if not tenant.schema_version:
        return [_("Su base de datos está sin crear.")]
    probe = probe_database(tenant)
    if probe.missing:
        return [_("Su base de datos responde; faltan %(n)d migraciones.") % {"n": probe.missing}]
    return [_("Su base de datos responde y está al día.")]


def _look_at_file(tenant: Tenant) -> list[str]:
    path = Path(str(tenant.database_settings()["NAME"]))
    if not path.exists():
        return [_state(tenant, set(), exists=False)]
    try:
        with sites.read_only(path) as connection:
            tables = sites.file_tables(connection)
    except sqlite3.DatabaseError as error:
        raise TenantError(
            _("'%(name)s' no es una base de datos.") % {"name": tenant.db_name}
        ) from error
    mark = {sites.MARK} if sites.is_file_site(path) else set()
    return [_state(tenant, tables | mark)]


def _look_at_server(tenant: Tenant) -> list[str]:
    """With the credentials that making it would use, in the same order."""
    on_control_server = is_on_control_server(tenant)
    try:
        with server_cursor(tenant.database_settings()) as cursor:
            if not tenant.db_user or not on_control_server or _may_create(cursor, tenant):
                return _look(cursor, tenant)
    except OperationalError as error:
        if not tenant.db_user or not on_control_server or error.args[0] not in DENIED:
            raise
        if error.args[0] in WRONG_LOGIN and not tenant.db_password:
            raise TenantError(_("Falta la contraseña del usuario de la base de datos.")) from error
    with server_cursor(settings.DATABASES[CONTROL_ALIAS]) as cursor:
        if not accounts.read_rights(cursor).may_give_users(tenant.db_name):
            raise TenantError(
                _("El servicio no puede crear el usuario '%(user)s' ni darle permisos.")
                % {"user": tenant.db_user}
            )
        return _look(cursor, tenant)


def _look(cursor: Any, tenant: Tenant) -> list[str]:
    rights = accounts.read_rights(cursor)
    if not rights.may_create(tenant.db_name):
        raise TenantError(
            _("El usuario '%(user)s' no puede crear la base de datos '%(name)s'.")
            % {"user": rights.user, "name": tenant.db_name}
        )
    exists = sites.database_exists(cursor, tenant.db_name)
    state = _state(tenant, sites.tables(cursor, tenant.db_name), exists=exists)
    gives = rights.may_give_users(tenant.db_name)
    return [state, _user(tenant, gets_own=wants_own_user(tenant) and gives)]


def _may_create(cursor: Any, tenant: Tenant) -> bool:
    return accounts.read_rights(cursor).may_create(tenant.db_name)


def _state(tenant: Tenant, tables: set[str], *, exists: bool = True) -> str:
    """Raises TenantError when the database holds what is not a company's."""
    judge_tables(tenant, tables)
    if not exists:
        return _("La base de datos no existe: se crearía con sus tablas y su usuario admin.")
    if sites.MARK in tables:
        return _("La base de datos quedó a medias en otro intento: se haría de nuevo.")
    if not tables:
        return _("La base de datos existe y está vacía: se crearían sus tablas y su admin.")
    return _("La base de datos ya tiene tablas de whapco: se conservarían y pondrían al día.")


def _user(tenant: Tenant, *, gets_own: bool) -> str:
    if gets_own:
        return _("Tendría un usuario de la base de datos propio, con permisos solo sobre ella.")
    if tenant.db_user:
        return _("Entraría en ella con el usuario '%(user)s'.") % {"user": tenant.db_user}
    return _("Entraría en ella con el usuario del servicio.")


def _on_sqlite() -> bool:
    return is_sqlite(settings.DATABASES[CONTROL_ALIAS])


def _names(tenant: Tenant) -> dict[str, str]:
    place = f"'{tenant.db_name}'"
    if tenant.db_host:
        place += f" ({tenant.db_host}:{tenant.db_port})"
    return {"key": tenant.key, "place": place}
