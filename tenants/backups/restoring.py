"""Brings a dump back: into a copy, compared with what is there, and switched when confirmed."""

import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import connections
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import registry
from tenants.accounts import quote
from tenants.backups import contents, files, layout
from tenants.backups.copies import Copy, as_service, copy_of, count_rows, tables_of
from tenants.backups.errors import BackupError
from tenants.backups.making import identity_of
from tenants.backups.manifests import (
    Identity,
    Manifest,
    open_dump,
    read_identity,
    read_manifest,
    refuse_damaged,
)
from tenants.databases import is_sqlite, server_cursor
from tenants.models import Tenant
from tenants.schema import code_schema_version, migrate_database, stamp_schema

_NAME_LIMIT = 64
_SECONDS = 3_600


@dataclass(frozen=True)
class Difference:
    """Rows of one table, now and in the copy."""

    table: str
    now: int
    restored: int


@dataclass(frozen=True)
class Restored:
    copy: Copy
    differences: tuple[Difference, ...]
    rows: int  # in the copy


def restore(tenant: Tenant, dump: Path, *, into: str = "", unmarked: bool = False) -> Restored:
    """Make a copy from the dump, as new as this code, and compare it with the company's database.
    `unmarked`: take a dump that does not say whose it is. Raises BackupError."""
    require_fitting(tenant, dump, unmarked=unmarked)
    copy = copy_of(tenant, into)
    load_checked(copy, dump)
    with copy.entered() as guest:
        migrate_database(guest)
        with connections[guest.alias].cursor() as cursor:
            cursor.execute("DELETE FROM django_session")  # who logged out stays out
    restored = copy.count_rows()
    now = count_rows(as_service(tenant, tenant.db_name)) if _is_there(tenant) else {}
    return Restored(copy, tuple(_differences(now, restored)), sum(restored.values()))


def require_fitting(tenant: Tenant, dump: Path, *, unmarked: bool = False) -> Manifest | None:
    """Raises BackupError unless the dump is whole and this company's."""
    if not dump.is_file():
        raise BackupError(_("No existe el archivo %(path)s.") % {"path": dump})
    manifest = read_manifest(dump)
    if manifest:
        refuse_damaged(dump, manifest)
    identity = read_identity(dump)
    if identity:
        _refuse_strangers(tenant, identity)
    elif not unmarked:
        raise BackupError(
            _("El respaldo no dice de qué empresa es. Si estás seguro, repite con --sin-marca.")
        )
    if not is_sqlite(tenant.database_settings()):
        with open_dump(dump) as lines:
            contents.refuse_foreign_statements(lines)
    return manifest


def _refuse_strangers(tenant: Tenant, identity: Identity) -> None:
    mine = identity_of(tenant)
    if identity.db_name != mine.db_name or identity.company not in _names(tenant):
        raise BackupError(
            _("El respaldo es de la empresa '%(other)s', no de '%(key)s'.")
            % {"other": identity.company, "key": tenant.key}
        )
    if identity.engine != mine.engine:
        raise BackupError(
            _("El respaldo es de %(other)s y esta instalación usa %(mine)s.")
            % {"other": identity.engine, "mine": mine.engine}
        )
    if identity.schema[:5] > code_schema_version()[:5]:
        raise BackupError(_("El respaldo es de una versión más nueva: actualiza whapco primero."))


def _names(tenant: Tenant) -> set[str]:
    """The control database may have been dumped before a company moved into it."""
    single = Tenant.single_company()
    return {tenant.key, single.key} if tenant.location == single.location else {tenant.key}


def load_checked(copy: Copy, dump: Path) -> None:
    """Raises BackupError unless the copy has, row by row, what the manifest says."""
    copy.load(dump)
    manifest = read_manifest(dump)
    if manifest is None:
        return
    loaded, written = copy.count_rows(), manifest.rows
    for table in sorted(loaded.keys() | written.keys()):
        if table.startswith(files.SEARCH_TABLES):
            continue
        if loaded.get(table, 0) != written.get(table, 0):
            copy.drop()
            raise BackupError(
                _("La tabla %(table)s quedó con %(loaded)d filas y el respaldo tenía %(written)d.")
                % {"table": table, "loaded": loaded.get(table, 0), "written": written.get(table, 0)}
            )


def _differences(now: dict[str, int], restored: dict[str, int]) -> Iterable[Difference]:
    for table in sorted(now.keys() | restored.keys()):
        one = Difference(table, now.get(table, 0), restored.get(table, 0))
        if one.now != one.restored:
            yield one


def _is_there(tenant: Tenant) -> bool:
    """A company that was lost whole has nothing to compare with."""
    database = as_service(tenant, tenant.db_name)
    if is_sqlite(database):
        return Path(str(database["NAME"])).exists()
    with server_cursor(database) as cursor:
        return tables_of(cursor, tenant.db_name) is not None


def switch(tenant: Tenant, copy: Copy) -> str:
    """The copy becomes the company's database, at once for whoever is at work in it. Returns the
    name under which the former content is kept, empty where there was none."""
    copy.take_mark_off()
    stamp = f"{timezone.localtime():%Y%m%d%H%M%S}"
    kept = f"{tenant.db_name[: _NAME_LIMIT - 22]}_before_{stamp}"
    if is_sqlite(copy.database):
        kept = _switch_files(tenant, copy, kept)
    else:
        kept = _switch_tables(tenant, copy, kept)
    if tenant.pk:
        stamp_schema(tenant)
    registry.forget()
    if "rebuild_search" in get_commands():
        call_command("rebuild_search", tenant=tenant.key)
    return kept


def _switch_files(tenant: Tenant, copy: Copy, kept: str) -> str:
    path = Path(str(tenant.database_settings()["NAME"]))
    had_one = path.exists()
    if had_one:
        files.replace(path.with_name(f"{kept}.sqlite3"), path)
    files.replace(path, copy.path)
    copy.drop()
    return kept if had_one else ""


def _switch_tables(tenant: Tenant, copy: Copy, kept: str) -> str:
    """One RENAME: nobody ever sees half of it."""
    own = tenant.db_name
    with server_cursor(copy.database, _SECONDS) as cursor:
        old, new = tables_of(cursor, own), tables_of(cursor, copy.name)
        if old is None:
            cursor.execute(f"CREATE DATABASE {quote(own)} CHARACTER SET utf8mb4")
        if old:
            cursor.execute(f"CREATE DATABASE {quote(kept)} CHARACTER SET utf8mb4")
        moves = [_move(own, kept, table) for table in sorted(old or ())]
        moves += [_move(copy.name, own, table) for table in sorted(new or ())]
        cursor.execute(f"RENAME TABLE {', '.join(moves)}")
        cursor.execute(f"DROP DATABASE {quote(copy.name)}")
    return kept if old else ""


def _move(source: str, target: str, table: str) -> str:
    return f"{quote(source)}.{quote(table)} TO {quote(target)}.{quote(table)}"


def restore_uploads(tenant: Tenant, dump: Path) -> int:
    """Put back the files that are missing; what is there stays. Returns how many. Raises
    BackupError."""
    archive_path = layout.uploads_path(dump)
    if not archive_path.exists():
        raise BackupError(
            _("No hay archivos junto al respaldo: falta %(name)s.") % {"name": archive_path.name}
        )
    root = Path(settings.UPLOADS_DIR)
    restored = 0
    with tarfile.open(archive_path, "r:gz") as archive:
        for member in archive:
            if not member.isfile() or (root / member.name).exists():
                continue
            if Path(member.name).parts[:1] != (tenant.key,):
                raise BackupError(_("El archivo de medios es de otra empresa."))
            options: Any = {"filter": "data"}
            archive.extract(member, root, **options)
            restored += 1
    return restored
