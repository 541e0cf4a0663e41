"""Makes and unmakes databases and their users: the only raw DDL of the project.

On MySQL and MariaDB with the company's own user, else with the service's; on SQLite a database
is a file.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.db.utils import load_backend
from django.utils.translation import gettext as _

from tenants.connections import unregister
from tenants.context import CONTROL_ALIAS, tenant_context
from tenants.errors import TenantError
from tenants.models import Tenant

# MariaDB answers 1698 instead of 1045 where it pretends that a user it has not got would log in
# by unix socket.
_WRONG_LOGIN = (1045, 1698)
_DENIED = (1044, 1227, *_WRONG_LOGIN)
_USER_EXISTS = 1396
# MySQL: too many connections, denied, unknown database, shutting down, host refused or blocked,
# no server, gone, lost. Django wraps them all in the class it also uses for mistakes in SQL.
_OUTAGES = {1040, 1042, 1044, 1045, 1049, 1053, 1129, 1130, 1203, 1226, 1698}
_OUTAGES |= {2002, 2003, 2005, 2006, 2013, 2055}
_SQLITE_OUTAGES = re.compile(
    "unable to open|disk I/O|is locked|disk is full|readonly|not a database|malformed"
)
_SQLITE_FILES = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Made:
    """What `ensure_database` made, so that `undo` removes that and nothing else."""

    database: bool = False
    user: bool = False
    grant: bool = False


def is_outage(error: BaseException) -> bool:
    """Whether a database did not answer at all, rather than refuse what it was asked."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, DatabaseError) or not error.args:
        return False
    code = error.args[0]
    return code in _OUTAGES if isinstance(code, int) else bool(_SQLITE_OUTAGES.search(str(code)))


def is_sqlite(database: Mapping[str, Any]) -> bool:
    return str(database["ENGINE"]).endswith("sqlite3")


def ensure_control_database() -> None:
    """Create the control database if it is missing, with the service's own user."""
    control = settings.DATABASES[CONTROL_ALIAS]
    if is_sqlite(control):
        Path(str(control["NAME"])).parent.mkdir(parents=True, exist_ok=True)
        return
    with server_cursor(control) as cursor:
        _create_database(cursor, str(control["NAME"]))


def ensure_database(tenant: Tenant) -> Made:
    """Create the company's database if it is missing. Raises TenantError or DatabaseError."""
    own = tenant.database_settings()
    if is_sqlite(own):
        path = Path(str(own["NAME"]))
        path.parent.mkdir(parents=True, exist_ok=True)
        return Made(database=not path.exists())
    try:
        with server_cursor(own) as cursor:
            return Made(database=_create_database(cursor, tenant.db_name))
    except OperationalError as error:
        code = error.args[0]
        if not tenant.db_user or code not in _DENIED or not _is_on_control_server(tenant):
            raise
    return _create_as_service(tenant, password_was_wrong=code in _WRONG_LOGIN)


def undo(tenant: Tenant, made: Made) -> None:
    """Remove what `ensure_database` made for a company that could not be finished."""
    own = tenant.database_settings()
    if not made.database and not made.grant:
        return
    unregister(tenant.alias)
    if is_sqlite(own):
        for suffix in _SQLITE_FILES:
            Path(f"{own['NAME']}{suffix}").unlink(missing_ok=True)
        return
    as_service = made.user or made.grant
    with server_cursor(settings.DATABASES[CONTROL_ALIAS] if as_service else own) as cursor:
        _undo_on_server(cursor, tenant, made)


def table_names(tenant: Tenant) -> set[str]:
    """The tables that are there. Raises TenantError when it is no database at all."""
    with tenant_context(tenant):
        try:
            return set(connections[tenant.alias].introspection.table_names())
        except OperationalError:
            raise
        except DatabaseError as error:
            raise TenantError(
                _("'%(name)s' no es una base de datos.") % {"name": tenant.db_name}
            ) from error


@contextmanager
def server_cursor(database: Mapping[str, Any]) -> Iterator[Any]:
    """A DB-API cursor on the server of a DATABASES entry, with no database selected.

    The driver's own cursor: Django's would write CREATE USER, password and all, to its debug log.
    """
    entry = {CONTROL_ALIAS: {**database, "NAME": "", "CONN_HEALTH_CHECKS": False}}
    full = connections.configure_settings(entry)[CONTROL_ALIAS]
    connection = load_backend(full["ENGINE"]).DatabaseWrapper(full, alias="_server")
    with closing(connection):
        connection.ensure_connection()
        with connection.wrap_database_errors, closing(connection.connection.cursor()) as cursor:
            yield cursor


def _create_database(cursor: Any, name: str) -> bool:
    """Whether it had to be made. An empty one of the server's old default charset is corrected:
    a hosting panel makes such, and our identifiers need utf8mb4."""
    charset = "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    cursor.execute(
        "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = %s",
        [name],
    )
    found = cursor.fetchone()
    if found is None:
        cursor.execute(f"CREATE DATABASE {_quote(name)} {charset}")
        return True
    if found[0] != "utf8mb4" and not _has_tables(cursor, name):
        cursor.execute(f"ALTER DATABASE {_quote(name)} {charset}")
    return False


def _create_as_service(tenant: Tenant, *, password_was_wrong: bool) -> Made:
    with server_cursor(settings.DATABASES[CONTROL_ALIAS]) as cursor:
        made_user = _create_user(cursor, tenant)
        if password_was_wrong and not made_user:
            raise TenantError(
                _("El usuario '%(user)s' ya existe en el servidor con otra contraseña.")
                % {"user": tenant.db_user}
            )
        made_database = _create_database(cursor, tenant.db_name)
        if not made_database and _has_tables(cursor, tenant.db_name):
            _undo_on_server(cursor, tenant, Made(user=made_user))
            raise TenantError(
                _("El usuario '%(user)s' no puede entrar en la base '%(name)s', que ya existe.")
                % {"user": tenant.db_user, "name": tenant.db_name}
            )
        cursor.execute(
            f"GRANT ALL PRIVILEGES ON {_grant_pattern(tenant.db_name)}.* TO %s@'%%'",
            [tenant.db_user],
        )
    return Made(database=made_database, user=made_user, grant=True)


def _create_user(cursor: Any, tenant: Tenant) -> bool:
    if not tenant.db_password:
        raise TenantError(_("Falta la contraseña del usuario de la base de datos."))
    try:
        cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", [tenant.db_user, tenant.db_password])
    except Exception as error:
        if error.args[:1] != (_USER_EXISTS,):
            raise
        return False
    return True


def _undo_on_server(cursor: Any, tenant: Tenant, made: Made) -> None:
    if made.database:
        cursor.execute(f"DROP DATABASE IF EXISTS {_quote(tenant.db_name)}")
    if made.grant and not made.user:
        pattern = _grant_pattern(tenant.db_name)
        cursor.execute(f"REVOKE ALL PRIVILEGES ON {pattern}.* FROM %s@'%%'", [tenant.db_user])
    if made.user:
        cursor.execute("DROP USER %s@'%%'", [tenant.db_user])


def _has_tables(cursor: Any, name: str) -> bool:
    cursor.execute(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = %s LIMIT 1", [name]
    )
    return cursor.fetchone() is not None


def _is_on_control_server(tenant: Tenant) -> bool:
    control = settings.DATABASES[CONTROL_ALIAS]
    return (tenant.db_host, tenant.db_port) == (control["HOST"], int(control["PORT"] or 3306))


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _grant_pattern(name: str) -> str:
    """In GRANT the database is a pattern: unescaped, `acme_1` would open `acmeX1` too."""
    return _quote(name.replace("_", r"\_"))
