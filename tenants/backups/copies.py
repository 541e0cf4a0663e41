"""A copy of a company's database, made from a dump: on MySQL and MariaDB a database beside it, on
SQLite a file beside its file. Copies carry a mark: nothing without it is ever dropped."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils.translation import gettext as _

from tenants.accounts import quote
from tenants.backups import files, programs
from tenants.backups.errors import BackupError
from tenants.backups.manifests import open_dump
from tenants.connections import unregister
from tenants.context import CONTROL_ALIAS, tenant_context
from tenants.databases import is_on_control_server, is_sqlite, server_cursor
from tenants.models import Tenant, validate_identifier

_MARK = "whapco_restored_copy"
_COPY_ID = 0x77686170  # in the header of an SQLite file ("application_id")
_ALIAS_KEY = "restored-copy"
_NAME_LIMIT = 64
_PATIENCE_SECONDS = 3_600  # a large table takes its time to be counted


@dataclass(frozen=True)
class Copy:
    """`name` on the same server as the company's database, or the stem of a file beside it."""

    tenant: Tenant
    name: str

    @property
    def database(self) -> dict[str, Any]:
        """A DATABASES entry. The company's own user may enter its own database only: on the
        service's server the service makes the copy."""
        return as_service(self.tenant, self.name)

    @property
    def path(self) -> Path:
        return Path(str(self.database["NAME"]))

    def load(self, dump: Path) -> None:
        """Make the copy from a dump; one that was made before is made anew. Raises BackupError."""
        self.drop()
        try:
            self._create()
            with open_dump(dump) as source:
                if is_sqlite(self.database):
                    files.load(self.path, source)
                    _set_mark(self.path, _COPY_ID)
                else:
                    programs.load(self.database, source)
        except BaseException:
            self.drop()
            raise

    def _create(self) -> None:
        if is_sqlite(self.database):
            return
        with server_cursor(self.database) as cursor:
            charset = "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
            cursor.execute(f"CREATE DATABASE {quote(self.name)} {charset}")
            cursor.execute(f"CREATE TABLE {quote(self.name)}.{quote(_MARK)} (id INT)")

    def drop(self) -> None:
        """Raises BackupError where something of that name was not made here."""
        if is_sqlite(self.database):
            for path in (self.path, *_beside(self.path)):
                path.unlink(missing_ok=True)
            return
        with server_cursor(self.database) as cursor:
            tables = tables_of(cursor, self.name)
            if tables is None:
                return
            if tables and _MARK not in tables:
                raise BackupError(
                    _("Ya existe la base '%(name)s' y no es una copia: da otro nombre con --into.")
                    % {"name": self.name}
                )
            cursor.execute(f"DROP DATABASE {quote(self.name)}")

    def count_rows(self) -> dict[str, int]:
        return count_rows(self.database)

    @contextmanager
    def entered(self) -> Iterator[Tenant]:
        """Inside the copy, as in a company that nobody registered."""
        own = self.tenant
        guest = Tenant(key=_ALIAS_KEY, db_name=self.name, db_host=own.db_host, db_port=own.db_port)
        if not is_on_control_server(own) and not is_sqlite(self.database):
            guest.db_user, guest.db_password = own.db_user, own.db_password
        try:
            with tenant_context(guest):
                yield guest
                connections[guest.alias].close()
        finally:
            unregister(guest.alias)

    def take_mark_off(self) -> None:
        """It becomes the company's database."""
        if is_sqlite(self.database):
            _set_mark(self.path, 0)
            return
        with server_cursor(self.database) as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {quote(self.name)}.{quote(_MARK)}")


def copy_of(tenant: Tenant, name: str = "", *, purpose: str = "restored") -> Copy:
    """Raises BackupError when the name is no name, or a company's."""
    name = name or f"{tenant.db_name[: _NAME_LIMIT - len(purpose) - 1]}_{purpose}"
    try:
        validate_identifier(name)
    except ValidationError as error:
        raise BackupError(
            _("'%(name)s' no sirve como nombre de base de datos.") % {"name": name}
        ) from error
    taken = {one.casefold() for one in Tenant.objects.values_list("db_name", flat=True)}
    if name.casefold() in taken | {Tenant.single_company().db_name.casefold()}:
        raise BackupError(
            _("La base '%(name)s' es de una empresa: da otro nombre.") % {"name": name}
        )
    copy = Copy(tenant, name)
    if is_sqlite(copy.database) and copy.path.exists() and not _is_marked(copy.path):
        raise BackupError(
            _("Ya existe %(name)s y no es una copia: da otro nombre con --into.")
            % {"name": copy.path.name}
        )
    return copy


def as_service(tenant: Tenant, name: str) -> dict[str, Any]:
    """The entry of a database beside the company's, for who may make databases there."""
    own = tenant.database_settings()
    if is_sqlite(own):
        return {**own, "NAME": str(Path(str(own["NAME"])).parent / f"{name}.sqlite3")}
    control = settings.DATABASES[CONTROL_ALIAS]
    return {**(control if is_on_control_server(tenant) else own), "NAME": name}


def count_rows(database: dict[str, Any]) -> dict[str, int]:
    """By table, without the search index, which is rebuilt."""
    if is_sqlite(database):
        with closing(sqlite3.connect(str(database["NAME"]))) as connection:
            return files.count_rows(connection)
    name = str(database["NAME"])
    with server_cursor(database, _PATIENCE_SECONDS) as cursor:
        counted = {}
        for table in sorted(tables_of(cursor, name) or ()):
            if table != _MARK and not table.startswith(files.SEARCH_TABLES):
                cursor.execute(f"SELECT COUNT(*) FROM {quote(name)}.{quote(table)}")  # noqa: S608  (quoted)
                counted[table] = int(cursor.fetchone()[0])
        return counted


def tables_of(cursor: Any, name: str) -> set[str] | None:
    """None where there is no such database."""
    cursor.execute("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", [name])
    if cursor.fetchone() is None:
        return None
    cursor.execute(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", [name]
    )
    return {row[0] for row in cursor.fetchall()}


def _set_mark(path: Path, mark: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {mark:d}")


def _is_marked(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("PRAGMA application_id").fetchone()[0] == _COPY_ID)
    except sqlite3.DatabaseError:
        return False


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal")]
