"""Building sites: databases that are being made.

A mark lies in the new database, or beside its file, until it is finished. Who finds one, whose
builder was killed, clears the site and begins again: a migration that stopped between its tables
and its record could not go on. Cursors are the driver's own, with no database selected.
"""

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from django.db import connections

from tenants import accounts
from tenants.accounts import Account, quote
from tenants.context import CONTROL_ALIAS
from tenants.models import Tenant

MARK = "whapco_under_construction"
# Written last: with somebody in one of them, a person or a company, the tables are whole.
_PEOPLE = ("tenants_user", "tenants_tenant")
_FILES = ("", "-wal", "-shm", "-journal", ".construction")


def open_site(cursor: Any, tenant: Tenant, account: Account | None = None) -> bool:
    """The company's database, empty and marked, or with the tables it has. Whether we made it,
    now or in the try that was killed. `account`, about to be made, goes if this try is killed."""
    made = _create_database(cursor, tenant.db_name) or clear_site(cursor, tenant)
    if not has_tables(cursor, tenant.db_name):
        _mark(cursor, tenant.db_name, made, account)
    return made


def close_site(cursor: Any, db_name: str) -> None:
    """The database is finished."""
    cursor.execute(f"DROP TABLE IF EXISTS {quote(db_name)}.{quote(MARK)}")


def open_file_site(path: Path) -> bool:
    """The same for a company's file. Whether it is ours to make."""
    mark = _file_mark(path)
    if mark.exists() and not _file_has_people(path):
        remove_file(path)
    is_ours = not path.exists()
    if is_ours or not path.stat().st_size:
        mark.touch()
    return is_ours


def close_file_site(path: Path) -> None:
    _file_mark(path).unlink(missing_ok=True)


def is_file_site(path: Path) -> bool:
    return _file_mark(path).exists()


def read_only(path: Path) -> AbstractContextManager[sqlite3.Connection]:
    """Django's own connection would write to the file. Raises sqlite3.DatabaseError."""
    return closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True))


def file_tables(connection: sqlite3.Connection) -> set[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in found if not name.startswith("sqlite_")}


def remove_file(path: Path) -> None:
    for suffix in _FILES:  # the mark last: this may be killed too
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def is_site(cursor: Any, db_name: str) -> bool:
    """Whether a try at it was killed."""
    return MARK in tables(cursor, db_name)


def own_tables() -> set[str]:
    """What a database of ours may hold."""
    introspection = connections[CONTROL_ALIAS].introspection
    return {"django_migrations", MARK, *introspection.django_table_names(include_views=False)}


def database_exists(cursor: Any, db_name: str) -> bool:
    return _charset(cursor, db_name) is not None


def has_tables(cursor: Any, db_name: str) -> bool:
    """Beside the mark."""
    return bool(tables(cursor, db_name) - {MARK})


def _create_database(cursor: Any, name: str) -> bool:
    """Whether it had to be made. An empty one of the server's old default charset is corrected:
    a hosting panel makes such, and our identifiers need utf8mb4."""
    found = _charset(cursor, name)
    utf8 = "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    if found is None:
        cursor.execute(f"CREATE DATABASE {quote(name)} {utf8}")
        return True
    if found != "utf8mb4" and not has_tables(cursor, name):
        cursor.execute(f"ALTER DATABASE {quote(name)} {utf8}")
    return False


def _mark(cursor: Any, db_name: str, made: bool, account: Account | None) -> None:
    mark = f"{quote(db_name)}.{quote(MARK)}"
    cursor.execute(
        f"CREATE TABLE {mark} (made BOOL, user_name VARCHAR(80), user_host VARCHAR(255))"
    )
    values = [made, *(account.parameters if account else (None, None))]
    cursor.execute(f"INSERT INTO {mark} VALUES (%s, %s, %s)", values)  # noqa: S608  (quoted)


def clear_site(cursor: Any, tenant: Tenant, *, though_peopled: bool = False) -> bool:
    """Empty a site that was left. Whether the database itself had been made for it. Where there
    are people it was all but finished, or is a backup's by now; another program's tables are not
    ours to drop: only the mark goes."""
    found = tables(cursor, tenant.db_name)
    if MARK not in found:
        return False
    name = quote(tenant.db_name)
    cursor.execute(f"SELECT made, user_name, user_host FROM {name}.{MARK}")  # noqa: S608  (quoted)
    made, user, host = cursor.fetchone() or (False, "", "")
    if user and user != tenant.db_user:
        accounts.drop(cursor, Account(user, host))
    if found - own_tables() or (not though_peopled and _has_people(cursor, name, found)):
        close_site(cursor, tenant.db_name)
        return False
    cursor.execute("SET FOREIGN_KEY_CHECKS=0")
    for table in sorted(found, key=MARK.__eq__):  # the mark last: this may be killed too
        cursor.execute(f"DROP TABLE {name}.{quote(table)}")
    cursor.execute("SET FOREIGN_KEY_CHECKS=1")
    return bool(made)


def _has_people(cursor: Any, name: str, tables: set[str]) -> bool:
    for table in tables.intersection(_PEOPLE):
        cursor.execute(f"SELECT 1 FROM {name}.{table} LIMIT 1")  # noqa: S608  (quoted)
        if cursor.fetchone() is not None:
            return True
    return False


def _file_mark(path: Path) -> Path:
    return Path(f"{path}{_FILES[-1]}")


def _file_has_people(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with read_only(path) as connection:
            names = file_tables(connection).intersection(_PEOPLE)
            asked = [f"SELECT 1 FROM {name} LIMIT 1" for name in names]  # noqa: S608  (ours)
            found = [connection.execute(question).fetchone() for question in asked]
    except sqlite3.DatabaseError:  # nothing that we have made
        return True
    return any(found)


def tables(cursor: Any, db_name: str) -> set[str]:
    cursor.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [db_name]
    )
    return {row[0] for row in cursor.fetchall()}


def _charset(cursor: Any, db_name: str) -> str | None:
    cursor.execute(
        "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = %s",
        [db_name],
    )
    found = cursor.fetchone()
    return str(found[0]) if found else None
