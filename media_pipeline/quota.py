"""How much a company may keep, and what to tell its admins when files find no room."""

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import Sum
from django.utils.translation import gettext as _

from media_pipeline.models import MediaFile, StorageTrouble
from tenants.context import current_tenant, on_commit
from whapco.lib import bus

_CACHE_SECONDS: Final = 60.0
_MB: Final = 1024 * 1024
_lock = threading.Lock()
_used: dict[str, tuple[float, int]] = {}  # by company: when it was summed up, bytes


class OverQuota(Exception):
    """The company has no room for the file."""


def within(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Raises OverQuota once they are more than the company may still keep."""
    limit = current_tenant().config.uploads_quota_mb * _MB
    room = limit - used_bytes() if limit else 0
    for chunk in chunks:
        room -= len(chunk)
        if limit and room < 0:
            raise OverQuota
        yield chunk


def used_bytes() -> int:
    """What the company's files take up: what was sent and received, not what is made of it."""
    key = current_tenant().key
    with _lock:
        at, used = _used.get(key, (0.0, 0))
    if at and time.monotonic() - at < _CACHE_SECONDS:
        return used
    used = MediaFile.objects.aggregate(total=Sum("size"))["total"] or 0
    with _lock:
        _used[key] = (time.monotonic(), used)
    return used


def note_stored(size: int) -> None:
    """One more file found room: what was wrong is over."""
    with _lock:
        at, used = _used.get(current_tenant().key, (0.0, 0))
        _used[current_tenant().key] = (at, used + size)
    if StorageTrouble.objects.exists():
        StorageTrouble.objects.all().delete()
        _tell_pages()


def note_trouble(kind: str) -> None:
    """Kept for the admins until a file finds room again."""
    _trouble, is_new = StorageTrouble.objects.get_or_create(kind=kind)
    if is_new:
        _tell_pages()


def _tell_pages() -> None:
    """Chat 0: something of the whole company."""
    key = current_tenant().key
    on_commit(lambda: bus.publish(key, {"chat": 0, "last": 0}))


def troubles() -> list[str]:
    """What to tell the company's admins, a sentence each."""
    sentences = {
        StorageTrouble.Kind.DISK: _(
            "El disco del servidor está lleno: los archivos que llegan esperan. Avise a soporte."
        ),
        StorageTrouble.Kind.QUOTA: _(
            "La empresa llegó a su límite de espacio (%(size)s MB): los archivos que llegan "
            "esperan. Pida más espacio a soporte."
        )
        % {"size": current_tenant().config.uploads_quota_mb},
    }
    kinds = StorageTrouble.objects.order_by("kind").values_list("kind", flat=True)
    return [str(sentences[StorageTrouble.Kind(kind)]) for kind in kinds]


def forget() -> None:
    """Sum up again."""
    with _lock:
        _used.clear()
