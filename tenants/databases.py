"""Makes and unmakes databases and their users: the only raw DDL of the project.

On MySQL and MariaDB with the company's own user, else with the service's; on SQLite a database
is a file.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.db.utils import load_backend
from django.utils.translation import gettext as _

from tenants import accounts
from tenants.accounts import Account
from tenants.connections import unregister
from tenants.context import CONTROL_ALIAS, tenant_context
from tenants.errors import TenantError
from tenants.models import Tenant
from tenants.sites import (
    clear_site,
    close_file_site,
    close_site,
    has_tables,
    is_site,
    open_file_site,
    open_site,
    remove_file,
)
from whapco.lib.fields import DecryptError

logger = logging.getLogger(__name__)
# MariaDB answers 1698 instead of 1045 where it pretends that a user it has not got would log in
# by unix socket.
WRONG_LOGIN = (1045, 1698)
DENIED = (1044, 1227, *WRONG_LOGIN)
# MySQL: too many connections, denied, unknown database, shutting down, host refused or blocked,
# no server, gone, lost. Django wraps them all in the class it also uses for mistakes in SQL.
_OUTAGES = {1040, 1042, 1044, 1045, 1049, 1053, 1129, 1130, 1203, 1226, 1698}
_OUTAGES |= {2002, 2003, 2005, 2006, 2013, 2055}
_SQLITE_OUTAGES = re.compile(
    "unable to open|disk I/O|is locked|disk is full|readonly|not a database|malformed"
)
_PATIENCE_SECONDS = 20
_ANYWHERE = "%"  # where a user who was given by name may come from


@dataclass(frozen=True)
class Made:
    """What `ensure_database` made, so that `undo` removes that and nothing else. `user_name`: of
    the user it made or let in."""

    database: bool = False
    user: bool = False
    grant: bool = False
    user_name: str = ""
    user_host: str = _ANYWHERE


def is_outage(error: BaseException) -> bool:
    """Whether a database did not answer at all, rather than refuse what it was asked; or nobody
    can ask it, with credentials that no key of FIELD_KEYS opens."""
    if isinstance(error, InterfaceError | DecryptError):
        return True
    if not isinstance(error, DatabaseError) or not error.args:
        return False
    code = error.args[0]
    return code in _OUTAGES if isinstance(code, int) else bool(_SQLITE_OUTAGES.search(str(code)))


def is_sqlite(database: Mapping[str, Any]) -> bool:
    return str(database["ENGINE"]).endswith("sqlite3")


def ensure_control_database() -> None:
    """Create the control database if it is missing, with the service's own user. What a start
    that was killed left of it is cleared away: the caller holds the installation's lock."""
    control = settings.DATABASES[CONTROL_ALIAS]
    if is_sqlite(control):
        _open_file_site(control)
        return
    with server_cursor(control) as cursor:
        open_site(cursor, Tenant.single_company())


def ensure_database(tenant: Tenant) -> Made:
    """Create the company's database if it is missing, with a user of its own where none is given
    and the service may make users; `tenant` then knows its name and password.

    Raises TenantError or DatabaseError.
    """
    own = tenant.database_settings()
    if is_sqlite(own):
        return Made(database=_open_file_site(own))
    if wants_own_user(tenant) and (made := _create_with_own_user(tenant)):
        return made
    try:
        with server_cursor(own) as cursor:
            return Made(database=open_site(cursor, tenant))
    except OperationalError as error:
        code = error.args[0]
        if not tenant.db_user or code not in DENIED or not is_on_control_server(tenant):
            raise
    return _create_as_service(tenant, password_was_wrong=code in WRONG_LOGIN)


def finish_database(tenant: Tenant) -> None:
    """All is built and written down. A mark that stays, because the server has just gone, harms
    nobody: who is registered is not cleared away."""
    own = tenant.database_settings()
    if is_sqlite(own):
        close_file_site(Path(str(own["NAME"])))
        return
    try:
        with server_cursor(own) as cursor:
            if is_site(cursor, tenant.db_name):
                close_site(cursor, tenant.db_name)
    except DatabaseError:
        logger.warning("The mark of %s stays in its database", tenant.key, exc_info=True)


def undo(tenant: Tenant, made: Made) -> None:
    """Remove what `ensure_database` made for a company that could not be finished."""
    own = tenant.database_settings()
    unregister(tenant.alias)
    if is_sqlite(own):
        if made.database:
            remove_file(Path(str(own["NAME"])))
        return
    as_service = made.user or made.grant
    with server_cursor(settings.DATABASES[CONTROL_ALIAS] if as_service else own) as cursor:
        _undo_on_server(cursor, tenant, made)


def all_of(tenant: Tenant) -> Made:
    """What `undo` has to remove of a finished company that nobody will miss: its database and,
    where it has one, the user that was made for it."""
    if is_sqlite(settings.DATABASES[CONTROL_ALIAS]) or not accounts.is_own(tenant):
        return Made(database=True)
    with server_cursor(settings.DATABASES[CONTROL_ALIAS]) as cursor:
        host = accounts.read_rights(cursor).host
    return Made(database=True, user=True, user_name=tenant.db_user, user_host=host)


def wants_own_user(tenant: Tenant) -> bool:
    """Whether the company gets a database user of its own if the service may make users: when it
    is made, on the service's server, unless somebody chose the user."""
    is_new = not tenant.schema_version and not tenant.db_user
    elsewhere = tenant.alias == CONTROL_ALIAS or not is_on_control_server(tenant)
    return settings.OWN_DB_USERS and is_new and not elsewhere


def is_on_control_server(tenant: Tenant) -> bool:
    control = settings.DATABASES[CONTROL_ALIAS]
    return (tenant.db_host, tenant.db_port) == (control["HOST"], int(control["PORT"] or 3306))


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
def server_cursor(
    database: Mapping[str, Any], patience_seconds: int = _PATIENCE_SECONDS
) -> Iterator[Any]:
    """A DB-API cursor on the server of a DATABASES entry, with no database selected. A server
    that takes the connection and does not answer is given up after `patience_seconds`.

    The driver's own cursor: Django's would write CREATE USER, password and all, to its debug log.
    """
    options = {**database["OPTIONS"], "read_timeout": patience_seconds}
    plain = {"NAME": "", "CONN_HEALTH_CHECKS": False, "OPTIONS": options}
    entry = {CONTROL_ALIAS: {**database, **plain}}
    full = connections.configure_settings(entry)[CONTROL_ALIAS]
    connection = load_backend(full["ENGINE"]).DatabaseWrapper(full, alias="_server")
    with closing(connection):
        connection.ensure_connection()
        with connection.wrap_database_errors, closing(connection.connection.cursor()) as cursor:
            yield cursor


def _open_file_site(database: Mapping[str, Any]) -> bool:
    path = Path(str(database["NAME"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    return open_file_site(path)


def _create_with_own_user(tenant: Tenant) -> Made | None:
    """None where the service may not make users: the company then uses the service's."""
    with server_cursor(settings.DATABASES[CONTROL_ALIAS]) as cursor:
        rights = accounts.read_rights(cursor)
        if not rights.may_give_users(tenant.db_name):
            return None
        account, password = accounts.own_account(tenant, rights)
        made = Made(open_site(cursor, tenant, account), False, True, account.name, account.host)
        try:
            made = replace(made, user=accounts.create(cursor, account, password))
            accounts.let_in(cursor, account, tenant.db_name)
        except BaseException:
            _undo_on_server(cursor, tenant, made)
            raise
    tenant.db_user, tenant.db_password = account.name, password
    return made


def _create_as_service(tenant: Tenant, *, password_was_wrong: bool) -> Made:
    """For a given user who is not on the server, or may not create the database."""
    with server_cursor(settings.DATABASES[CONTROL_ALIAS]) as cursor:
        account = Account(tenant.db_user, _ANYWHERE)
        made = Made(user=_create_given_user(cursor, tenant, account), user_name=account.name)
        try:
            _refuse_wrong_password(tenant, password_was_wrong and not made.user)
            made = replace(made, database=open_site(cursor, tenant))
            _refuse_a_strangers(cursor, tenant)
            accounts.let_in(cursor, account, tenant.db_name)
        except BaseException:
            _undo_on_server(cursor, tenant, made)
            raise
    return replace(made, grant=True)


def _create_given_user(cursor: Any, tenant: Tenant, account: Account) -> bool:
    if not tenant.db_password:
        raise TenantError(_("Falta la contraseña del usuario de la base de datos."))
    return accounts.create(cursor, account, tenant.db_password)


def _refuse_wrong_password(tenant: Tenant, is_wrong: bool) -> None:
    if is_wrong:
        raise TenantError(
            _("El usuario '%(user)s' ya existe en el servidor con otra contraseña.")
            % {"user": tenant.db_user}
        )


def _refuse_a_strangers(cursor: Any, tenant: Tenant) -> None:
    """Nobody gets into a database that has something in it by asking the service for it, except a
    registered company whose user went missing."""
    is_registered = not tenant._state.adding
    if not is_registered and has_tables(cursor, tenant.db_name):
        raise TenantError(
            _("El usuario '%(user)s' no puede entrar en la base '%(name)s', que ya existe.")
            % {"user": tenant.db_user, "name": tenant.db_name}
        )


def _undo_on_server(cursor: Any, tenant: Tenant, made: Made) -> None:
    account = Account(made.user_name or tenant.db_user, made.user_host)
    if made.database:
        cursor.execute(f"DROP DATABASE IF EXISTS {accounts.quote(tenant.db_name)}")
    else:
        clear_site(cursor, tenant, though_peopled=True)
    if made.grant and not made.user:
        accounts.lock_out(cursor, account, tenant.db_name)
    if made.user:
        accounts.drop(cursor, account)
