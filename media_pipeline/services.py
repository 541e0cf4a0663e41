"""Stores files, measures them, and makes what pages show of them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from django.utils import timezone

from media_pipeline import audio, quota, storage, thumbnails
from media_pipeline.ffmpeg import FfmpegMissing as FfmpegMissing
from media_pipeline.ffmpeg import Unreadable as Unreadable
from media_pipeline.measures import IMAGE_TYPES, measure
from media_pipeline.models import MediaFile
from media_pipeline.names import plain_name
from media_pipeline.quota import OverQuota as OverQuota
from media_pipeline.sniff import HEAD_BYTES, UNKNOWN, Sniffed, sniff
from media_pipeline.storage import DiskFull as DiskFull
from media_pipeline.storage import company_folder as company_folder

MOST_BYTES: Final = 100 * 1024 * 1024  # what Meta carries at most (cloud-api 3)
UNSENT_FOR: Final = timedelta(days=1)
_CHUNK_BYTES: Final = 256 * 1024

Source = bytes | BinaryIO | Iterable[bytes]
Limit = Callable[[Sniffed | None], int]  # bytes by type; may raise what its caller understands


class FileTooBig(Exception):
    """Longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class EmptyFile(Exception):
    """Not a single byte."""


def store(
    source: Source, *, name: str = "", limit: int | Limit = MOST_BYTES, uploaded_for: str = ""
) -> MediaFile:
    """Keep a file, whatever it is; `name` is what others call it. With `uploaded_for` it is thrown
    away after a day, unless `keep` is called.

    Raises FileTooBig, EmptyFile, OverQuota, DiskFull, and what `limit` raises.
    """
    file = MediaFile(uploaded_for=uploaded_for)
    if uploaded_for:
        file.discard_at = timezone.now() + UNSENT_FOR
    return fill(file, source, name=name, limit=limit)


def fill(
    file: MediaFile, source: Source, *, name: str = "", limit: int | Limit = MOST_BYTES
) -> MediaFile:
    """As `store`, for a row that waits for its bytes."""
    chunks = _chunks(source)
    head = _head(chunks)
    if not head:
        raise EmptyFile
    found = sniff(head[:HEAD_BYTES], name)
    most = limit if isinstance(limit, int) else limit(found)
    extension = found.extension if found else "bin"
    written = storage.write(
        quota.within(_within(chain([head], chunks), most)), f"{storage.new_name()}.{extension}"
    )
    file.path, file.size, file.sha256 = written.path, written.size, written.sha256
    file.mime_type = found.mime_type if found else UNKNOWN
    file.original_name = plain_name(name)
    file.state, file.trouble = MediaFile.State.READY, ""
    for field, value in vars(measure(company_folder() / written.path, file.mime_type)).items():
        setattr(file, field, value)
    try:
        file.save()
    except BaseException:
        storage.delete(written.path)
        raise
    quota.note_stored(written.size)
    return file


def keep(file: MediaFile) -> None:
    """It was sent, or will be: it stays."""
    if file.discard_at is not None:
        file.discard_at = None
        file.save(update_fields=["discard_at"])


def open_file(file: MediaFile) -> BinaryIO:
    """The stored bytes. Raises FileNotFoundError."""
    return storage.open_file(str(file.path))


def has_content(file: MediaFile) -> bool:
    """Whether the bytes are still on the disk."""
    return storage.exists(str(file.path))


def path_of(file: MediaFile) -> Path:
    return company_folder() / str(file.path)


def thumbnail(file: MediaFile) -> Path | None:
    """A small JPEG of an image or a video, made when first asked for; None: there can be none.
    Raises FileNotFoundError."""
    mime_type = str(file.mime_type)
    if mime_type not in IMAGE_TYPES and not mime_type.startswith("video/"):
        return None
    make = partial(thumbnails.make_thumbnail, mime_type=mime_type)
    return _derived(file, "thumb.jpg", make)


def mp3(file: MediaFile) -> Path | None:
    """A sound as browsers play it that know no Ogg. None: there can be none. Raises
    FileNotFoundError."""
    return _derived(file, "play.mp3", audio.to_mp3) if file.mime_type.startswith("audio/") else None


def discard_unsent() -> int:
    """Throw away uploads that nobody sent in time. Returns how many."""
    unsent = MediaFile.objects.filter(discard_at__lt=timezone.now())
    gone = 0
    for file in unsent[:1000]:
        if unsent.filter(pk=file.pk).delete()[0]:  # not one that was sent just now
            storage.delete(str(file.path))
            gone += 1
    return gone


def _derived(file: MediaFile, ending: str, make: Callable[[Path, Path], None]) -> Path | None:
    """The same bytes are tried once: what cannot be made is an empty file. Without ffmpeg nothing
    is noted, for it may be installed tomorrow."""

    def try_to_make(source: Path, target: Path) -> None:
        try:
            make(source, target)
        except Unreadable:
            target.write_bytes(b"")

    try:
        found = storage.derived(str(file.path), ending, try_to_make)
    except FfmpegMissing:
        return None
    return found if found.stat().st_size else None


def _chunks(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        return iter([source])
    read = getattr(source, "read", None)
    return iter(partial(read, _CHUNK_BYTES), b"") if read else iter(source)


def _head(chunks: Iterator[bytes]) -> bytes:
    """Enough of the beginning to tell what it is; taken from the iterator."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return head


def _within(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > most:
            raise FileTooBig(most)
        yield chunk
