"""What a dump says of itself: a line at its head, and a JSON file beside it."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from tenants.backups.errors import BackupError
from tenants.backups.layout import manifest_path

_MARK = "-- whapco "
_HEAD_LIMIT = 4_096  # bytes
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Identity:
    """Whose dump it is. `schema`: the stamp of tenants/schema.py; `made_at`: ISO 8601."""

    company: str
    db_name: str
    engine: str  # "mysql" or "sqlite"
    schema: str
    made_at: str

    def head(self) -> bytes:
        return f"{_MARK}{json.dumps(asdict(self))}\n".encode()


@dataclass(frozen=True)
class Manifest:
    """`bytes` and `sha256` of the file as it lies there; `rows` by table."""

    identity: Identity
    bytes: int
    sha256: str
    rows: dict[str, int]
    tag: str = ""
    uploads: dict[str, Any] = field(default_factory=dict)  # file, bytes, sha256, files

    def write(self, dump: Path) -> None:
        path = manifest_path(dump)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", "utf-8")


def read_manifest(dump: Path) -> Manifest | None:
    """None where there is none, as with an older installation's dumps. Raises BackupError."""
    path = manifest_path(dump)
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
        return Manifest(**{**found, "identity": Identity(**found["identity"])})
    except (ValueError, TypeError, KeyError) as error:
        raise BackupError(_("No se entiende %(name)s.") % {"name": path.name}) from error


def read_identity(dump: Path) -> Identity | None:
    """From the head of the dump itself. Raises BackupError when it is no dump at all."""
    try:
        with open_dump(dump) as file:
            head = file.readline(_HEAD_LIMIT).decode(errors="replace")
        return Identity(**json.loads(head.removeprefix(_MARK))) if head.startswith(_MARK) else None
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise BackupError(_("%(name)s no es un respaldo.") % {"name": dump.name}) from error


@contextmanager
def open_dump(dump: Path) -> Iterator[IO[bytes]]:
    opener: Any = gzip.open if dump.name.endswith(".gz") else open
    with opener(dump, "rb") as file:
        yield file


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def refuse_damaged(dump: Path, manifest: Manifest) -> None:
    """Raises BackupError unless the file is what was written."""
    if dump.stat().st_size != manifest.bytes or sha256_of(dump) != manifest.sha256:
        raise BackupError(
            _("%(name)s cambió o se dañó después de hacerse: no coincide con su manifiesto.")
            % {"name": dump.name}
        )
