"""Bytes on the disk, under names of our own. The only door to the upload folders."""

import errno
import hashlib
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings
from django.utils import timezone

from tenants.context import current_tenant

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class DiskFull(Exception):
    """The disk has no room, or the folder may not grow: what is sent again later may fit."""


@dataclass(frozen=True)
class Written:
    """`path` is relative to the company's folder."""

    path: str
    size: int
    sha256: str


def company_folder() -> Path:
    """The active company's upload folder, made when missing."""
    folder: Path = settings.UPLOADS_DIR / current_tenant().key
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    return folder


def new_name() -> str:
    """A path that no file has, without extension."""
    return f"{timezone.now():%Y/%m}/{uuid.uuid4().hex}"


def write(chunks: Iterable[bytes], path: str) -> Written:
    """Keep the bytes; the file is complete before it has its name. Raises DiskFull."""
    digest, size = hashlib.sha256(), 0
    with new_file(path) as part, _room():
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            file.flush()
            os.fsync(file.fileno())
    return Written(path, size, digest.hexdigest())


@contextmanager
def new_file(path: str) -> Iterator[Path]:
    """Where to write what becomes the company's file `path` when the block ends well."""
    target = company_folder() / path
    with _room():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        part.chmod(0o640)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(str(error)) from error
        raise


def derived(path: str, ending: str, make: Callable[[Path, Path], None]) -> Path:
    """What `make(source, target)` makes of the file, made once: beside it, `ending` for its
    extension. An empty file says that nothing can be made of it. Raises FileNotFoundError."""
    source = company_folder() / path
    name = f"{path.rpartition('.')[0] or path}.{ending}"
    target = company_folder() / name
    if not target.is_file():
        if not source.is_file():
            raise FileNotFoundError(path)
        with new_file(name) as part:
            make(source, part)
            part.touch()
    return target


def open_file(path: str) -> BinaryIO:
    """Raises FileNotFoundError."""
    return (company_folder() / path).open("rb")


def exists(path: str) -> bool:
    return (company_folder() / path).is_file()


def delete(path: str) -> None:
    """The file and all that was derived from it."""
    target = company_folder() / path
    for beside in target.parent.glob(f"{target.name.partition('.')[0]}.*"):
        beside.unlink(missing_ok=True)
