"""Where dumps are: `<root>/<db_name>/<AAAA-MM-DD>/<db_name>_YYYYMMDD_HHMMSS.sql[.gz]`.

A file under its final name is whole: it is written as `.part`, checked, then renamed. Files are
0600 and folders 0700, for a dump holds a company's customers.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
DUMP = re.compile(r"(?P<db>\w+)_(?P<stamp>\d{8}_\d{6})(-(?P<number>\d+))?\.sql(\.gz)?")


def root() -> Path:
    """`BACKUP_ROOT`, which may be a UNC path with spaces; else the project's parent folder."""
    return Path(settings.BACKUP_ROOT or settings.BASE_DIR.parent)


def new_dump_path(folder: Path, db_name: str, *, gzip: bool, now: datetime | None = None) -> Path:
    """A name that nothing has yet, in a folder that exists."""
    moment = timezone.localtime(now)
    day = folder / db_name / f"{moment:%Y-%m-%d}"
    day.mkdir(parents=True, exist_ok=True, mode=0o700)
    ending = ".sql.gz" if gzip else ".sql"
    stem = f"{db_name}_{moment:%Y%m%d_%H%M%S}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 100)))  # two within a second
    return next(day / f"{name}{ending}" for name in names if not _is_taken(day / f"{name}{ending}"))


def _is_taken(path: Path) -> bool:
    return path.exists() or part_of(path).exists()


def part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


@contextmanager
def finished_whole(path: Path) -> Iterator[Path]:
    """Yields the name to write to; renames it when the block ends well, else removes it."""
    part = part_of(path)
    part.touch(mode=0o600)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def private_file(path: Path) -> Any:
    """A new binary file that only its owner can open."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "wb")


def dumps_of(folder: Path, db_name: str) -> list[Path]:
    """Oldest first."""
    found = (path for path in (folder / db_name).glob("*/*") if _is_dump_of(path, db_name))
    return sorted(found, key=_age)


def _age(dump: Path) -> tuple[str, str, int]:
    day, stamp = dump.parent.name, dump.name.partition(".")[0]
    match = DUMP.fullmatch(dump.name)
    return (day, match["stamp"], int(match["number"] or 1)) if match else (day, stamp, 1)


def _is_dump_of(path: Path, db_name: str) -> bool:
    match = DUMP.fullmatch(path.name)
    return (
        match is not None
        and match["db"] == db_name
        and _DAY.fullmatch(path.parent.name) is not None
    )


def manifest_path(dump: Path) -> Path:
    return dump.with_name(dump.name + ".json")


def uploads_path(dump: Path) -> Path:
    return dump.with_name(dump.name.partition(".sql")[0] + "_uploads.tar.gz")


def prune(folder: Path, db_name: str, *, keep_days: int, today: date | None = None) -> list[Path]:
    """Remove what is older than `keep_days`, never the newest dump. Returns the dumps removed."""
    limit = (today or timezone.localdate()) - timedelta(days=keep_days)
    removed = []
    for dump in dumps_of(folder, db_name)[:-1]:
        if date.fromisoformat(dump.parent.name) < limit:
            for path in (dump, manifest_path(dump), uploads_path(dump)):
                path.unlink(missing_ok=True)
            removed.append(dump)
            if not any(dump.parent.iterdir()):
                dump.parent.rmdir()
    return removed


def free_bytes(folder: Path) -> int:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(existing).free
