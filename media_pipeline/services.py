"""Stores and opens files. The only door to the upload folders."""

import hashlib
import os
import uuid
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone

from media_pipeline.models import MediaFile
from tenants.context import current_tenant


def company_folder() -> Path:
    """The active company's upload folder, made when missing."""
    folder: Path = settings.UPLOADS_DIR / current_tenant().key
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    return folder


def store(content: bytes, *, mime_type: str, extension: str, original_name: str = "") -> MediaFile:
    """Keep `content` under a name of our own; the file is complete before it has that name."""
    relative = Path(f"{timezone.now():%Y/%m}") / f"{uuid.uuid4().hex}.{extension}"
    target = company_folder() / relative
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    part = target.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(target)
    return MediaFile.objects.create(
        path=str(relative),
        mime_type=mime_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        original_name=original_name[:255],
    )


def open_file(file: MediaFile) -> BinaryIO:
    """The stored bytes. Raises FileNotFoundError."""
    path: str = file.path
    return (company_folder() / path).open("rb")


def has_content(file: MediaFile) -> bool:
    """Whether the bytes are still on the disk."""
    path: str = file.path
    return (company_folder() / path).is_file()
