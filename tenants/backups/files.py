"""Dumps of SQLite: a snapshot by its backup API, as SQL, without what is rebuilt.

A dump of an FTS5 table does not load back: tables of the search index are left out and rebuilt.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from tenants.backups.errors import BackupError

SEARCH_TABLES = "conversations_search"  # how the names of search tables begin
_PAGES = 2_000  # copied between two breaths, so that writers are not kept waiting


def dump(path: Path, output: IO[bytes]) -> dict[str, int]:
    """Write the database at `path` as SQL; returns the rows of each table. Raises BackupError."""
    with _snapshot(path) as copy:
        rows = count_rows(copy)
        for statement in copy.iterdump():
            output.write(statement.encode("utf-8", "surrogateescape") + b"\n")
    return rows


def load(path: Path, source: IO[bytes]) -> None:
    """Make the database at `path`, which must not exist, from a dump. Raises BackupError."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.set_authorizer(_only_here)
        try:
            for statement in _statements(source):
                database.execute(statement)
        except sqlite3.Error as error:
            raise BackupError(
                _("El respaldo no se puede leer: %(error)s") % {"error": error}
            ) from error
        if database.in_transaction:
            raise BackupError(_("El respaldo está cortado: no llega a su última línea."))


def replace(target: Path, source: Path) -> None:
    """Give the database at `target` the content of `source`, at once for all who have it open."""
    with (
        closing(sqlite3.connect(source)) as new,
        closing(sqlite3.connect(target, timeout=60)) as old,
    ):
        new.backup(old)


def count_rows(database: sqlite3.Connection) -> dict[str, int]:
    names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    tables = [name for (name,) in names if not name.startswith(("sqlite_", SEARCH_TABLES))]
    count = 'SELECT COUNT(*) FROM "{}"'
    return {name: database.execute(count.format(name)).fetchone()[0] for name in tables}


@contextmanager
def _snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise BackupError(_("No existe la base de datos %(path)s.") % {"path": path.name})
    with (
        tempfile.TemporaryDirectory(prefix="whapco-", dir=path.parent) as folder,
        closing(sqlite3.connect(Path(folder) / "copy.sqlite3")) as copy,
    ):
        try:
            with closing(sqlite3.connect(path, timeout=60)) as database:
                database.backup(copy, pages=_PAGES)
            _drop_search(copy)
            yield copy
        except sqlite3.DatabaseError as error:
            raise BackupError(
                _("No se pudo leer %(path)s: %(error)s") % {"path": path.name, "error": error}
            ) from error


def _drop_search(copy: sqlite3.Connection) -> None:
    """Virtual tables first: they take their shadow tables with them."""
    found = copy.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE ? || '%'"
        " ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC",
        [SEARCH_TABLES],
    ).fetchall()
    for (name,) in found:
        copy.execute(f'DROP TABLE IF EXISTS "{name}"')
    copy.commit()


def _statements(source: IO[bytes]) -> Iterator[str]:
    """One by one: a dump may be larger than the memory."""
    lines: list[str] = []
    for raw in source:
        line = raw.decode("utf-8", "surrogateescape")
        if not lines and (line.startswith("--") or not line.strip()):
            continue
        lines.append(line)
        if line.rstrip().endswith(";") and sqlite3.complete_statement(text := "".join(lines)):
            yield text
            lines.clear()
    if lines:
        raise BackupError(_("El respaldo está cortado: no llega a su última línea."))


def _only_here(action: int, *_names: object) -> int:
    """A dump neither attaches other files nor runs functions that reach the disk."""
    denied = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if action in denied else sqlite3.SQLITE_OK
