"""Makes dumps. One company's failure does not stop the others."""

import gzip
import logging
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.backups import contents, files, layout, programs
from tenants.backups.errors import BackupError
from tenants.backups.manifests import Identity, Manifest, open_dump, sha256_of
from tenants.context import CONTROL_ALIAS
from tenants.databases import is_sqlite
from tenants.models import Tenant
from tenants.schema import code_schema_version

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class How:
    """What the operator asked for. `keep_days` 0: for ever."""

    folder: Path
    tag: str = ""
    gzip: bool = False
    media: bool = False
    keep_days: int = 0


@dataclass(frozen=True)
class Made:
    """A dump that is there, or why there is none (`error`, without secrets)."""

    tenant: Tenant
    dump: Path | None = None
    manifest: Manifest | None = None
    error: str = ""
    pruned: int = 0


def targets(key: str = "") -> list[Tenant]:
    """Control and every company, or one of them: also suspended ones, whose data stays theirs."""
    control = Tenant.single_company()
    found = list(Tenant.objects.filter(removed_at=None).order_by("key"))
    if key:
        return [tenant for tenant in (*found, control) if tenant.key == key]
    others = [tenant for tenant in found if tenant.alias != CONTROL_ALIAS]
    own = next((tenant for tenant in found if tenant.alias == CONTROL_ALIAS), control)
    return [own, *others]


def back_up_all(tenants: list[Tenant], how: How) -> Iterator[Made]:
    """One after the other: dumps compete for the same disk."""
    for tenant in tenants:
        try:
            yield back_up(tenant, how)
        except (BackupError, DatabaseError, OSError) as error:
            logger.error("The backup of %s failed: %s", tenant.key, type(error).__name__)
            yield Made(tenant, error=str(error))


def back_up(tenant: Tenant, how: How) -> Made:
    """Raises BackupError or OSError, and leaves nothing under a final name."""
    path = layout.new_dump_path(how.folder, tenant.db_name, gzip=how.gzip)
    identity = identity_of(tenant)
    with layout.finished_whole(path) as part:
        rows = _write(tenant.database_settings(), identity, part, compressed=how.gzip)
        size, digest = part.stat().st_size, sha256_of(part)
    uploads = _pack_uploads(tenant, path) if how.media else {}
    manifest = Manifest(identity, size, digest, rows, how.tag, uploads)
    manifest.write(path)
    if tenant.pk:
        Tenant.objects.filter(pk=tenant.pk).update(last_backup_at=timezone.now())
    removed = (
        layout.prune(how.folder, tenant.db_name, keep_days=how.keep_days) if how.keep_days else []
    )
    return Made(tenant, path, manifest, pruned=len(removed))


def identity_of(tenant: Tenant) -> Identity:
    engine = "sqlite" if is_sqlite(tenant.database_settings()) else "mysql"
    schema = tenant.schema_version or code_schema_version()
    return Identity(tenant.key, tenant.db_name, engine, schema, timezone.now().isoformat())


def _write(
    database: dict[str, Any], identity: Identity, part: Path, *, compressed: bool
) -> dict[str, int]:
    """Returns the rows that the dump holds, table by table."""
    opener: Any = gzip.open if compressed else open
    with opener(part, "wb") as output:
        output.write(identity.head())
        if is_sqlite(database):
            return files.dump(Path(str(database["NAME"])), output)
        programs.dump(database, output)
    with open_dump(part) if not compressed else gzip.open(part, "rb") as written:
        return contents.count_rows(written)


def _pack_uploads(tenant: Tenant, dump: Path) -> dict[str, Any]:
    """The company's files in one archive beside the dump."""
    folder = Path(settings.UPLOADS_DIR) / tenant.key
    path = layout.uploads_path(dump)
    with layout.finished_whole(path) as part, tarfile.open(part, "w:gz") as archive:
        if folder.is_dir():
            archive.add(folder, arcname=tenant.key, filter=_plain_files)
        count = sum(member.isfile() for member in archive.getmembers())
    facts = {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
    return {**facts, "files": count}


def _plain_files(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return member if member.isfile() or member.isdir() else None


def sentence(made: Made) -> str:
    """For the operator's terminal and log."""
    if made.error or made.dump is None or made.manifest is None:
        return _("%(key)s: FALLÓ. %(error)s") % {"key": made.tenant.key, "error": made.error}
    words = {
        "key": made.tenant.key,
        "path": made.dump,
        "size": made.manifest.bytes / 1024 / 1024,
        "rows": sum(made.manifest.rows.values()),
    }
    return _("%(key)s: %(path)s (%(size).1f MB, %(rows)d filas)") % words
