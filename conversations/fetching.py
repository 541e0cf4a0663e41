"""Files that Meta holds for us: their rows are made with the message's, the bytes come at once and
in the background, and whoever looks at the chat sees how that goes.

Meta keeps them for 7 days (cloud-api 3). What does not come is tried again for as long; then a
person may start it again.
"""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from conversations.downloads import download
from conversations.models import Message
from conversations.whatsapp.inbound_content import media_of
from conversations.whatsapp.inbound_items import InboundMessage, MediaInfo
from conversations.whatsapp.media import as_hex
from media_pipeline import services, storage
from media_pipeline.models import MediaFetch, MediaFile
from media_pipeline.names import plain_name
from tenants import registry, statements
from tenants.context import atomic, current_tenant, on_commit, tenant_context
from tenants.schema import is_behind

KEPT_BY_META: Final = timedelta(days=7)
_LEASE: Final = timedelta(minutes=12)  # a download may last ten
_AT_ONCE: Final = 4  # downloads of one company in one process: the bot wants its threads too
_MIME: Final = re.compile(r"[a-z]+/[\w.+-]{1,80}")
_FETCHING = MediaFile.State.FETCHING
_slots: dict[str, threading.BoundedSemaphore] = {}


class CannotFetch(Exception):
    """Why, in a sentence for the agent."""


def expect(received: Sequence[InboundMessage], rows: Sequence[Message]) -> None:
    """Before the messages' rows are stored, in their transaction: each file gets its own row."""
    found = [
        (message.media, row)
        for message, row in zip(received, rows, strict=True)
        if message.media is not None
    ]
    if not found:
        return
    files = [_new_file(media) for media, _row in found]
    statements.insert(MediaFile, files)
    paths = [file.path for file in files]
    ids = dict(MediaFile.objects.filter(path__in=paths).values_list("path", "pk"))
    for (_media, row), path in zip(found, paths, strict=True):
        row.media_id = ids[path]
    fetches = [
        _new_fetch(ids[path], media, row.conversation.phone_number_id)
        for (media, row), path in zip(found, paths, strict=True)
    ]
    statements.insert(MediaFetch, fetches)
    _hint()


def _new_file(media: MediaInfo) -> MediaFile:
    declared = _MIME.match(media.mime_type.lower())
    return MediaFile(
        path=storage.new_name(),
        mime_type=declared[0] if declared else "",
        size=0,
        original_name=plain_name(media.filename),
        created_at=timezone.now(),
        state=_FETCHING,
    )


def _new_fetch(file_id: int, media: MediaInfo, phone_number_id: str) -> MediaFetch:
    now = timezone.now()
    return MediaFetch(
        file_id=file_id,
        phone_number_id=phone_number_id,
        media_id=media.id[:255],
        sha256=as_hex(media.sha256),
        next_attempt_at=now,
        give_up_at=now + KEPT_BY_META,
    )


@task()
def fetch_files(tenant_key: str) -> None:
    """Fetch what is due in the company, one after the other."""
    tenant = registry.by_key(tenant_key)
    if tenant is None or is_behind(tenant):
        return
    with tenant_context(tenant), _slot(tenant_key) as is_free:
        while is_free and (fetch := _claim_next()) is not None:
            if _due().exists():  # others may help
                fetch_files.enqueue(tenant_key)
            download(fetch)


def fetch_due() -> bool:
    """Periodic: what a crash or a lost hint left, and what is to be tried again. Whether anything
    is on its way."""
    if _due().exists():
        fetch_files.enqueue(current_tenant().key)
    return MediaFetch.objects.exclude(next_attempt_at=None).exists()


def wait_for(file: MediaFile, seconds: float) -> MediaFile:
    """The file once its bytes are here, fetched by us if by nobody else. Raises CannotFetch."""
    deadline = time.monotonic() + seconds
    while not file.is_ready:
        fetch = MediaFetch.objects.filter(file=file, next_attempt_at__lte=timezone.now()).first()
        if fetch is not None and _claim(fetch):
            download(fetch)
        elif file.state != _FETCHING or time.monotonic() > deadline:
            raise CannotFetch(file.trouble)
        else:
            time.sleep(0.1)
        file.refresh_from_db()
    return file


def start_again(message: Message) -> None:
    """A person wants the file of a message fetched now. Raises CannotFetch."""
    file = message.media
    if file is not None and (_is_coming(file) or file.is_ready and services.has_content(file)):
        return
    media = media_of(message.payload) if isinstance(message.payload, dict) else None
    if media is None:
        raise CannotFetch(
            _("Meta ya no tiene este archivo: pide al cliente que lo envíe otra vez.")
        )
    with atomic():
        if file is None:
            file = _new_file(media)
            file.save()
            message.media = file
            message.save(update_fields=["media"])
        fresh = _new_fetch(file.pk, media, message.conversation.phone_number_id)
        values = {name: getattr(fresh, name) for name in ("next_attempt_at", "give_up_at")}
        values["attempts"] = 0
        known = {"phone_number_id": fresh.phone_number_id, "media_id": fresh.media_id}
        known |= {"sha256": fresh.sha256}
        MediaFetch.objects.update_or_create(
            file=file, defaults=values, create_defaults=values | known
        )
        file.state, file.trouble = _FETCHING, ""
        file.save(update_fields=["state", "trouble"])
        _hint()


def _is_coming(file: MediaFile) -> bool:
    coming = MediaFetch.objects.filter(file=file).exclude(next_attempt_at=None)
    return file.state == _FETCHING and coming.exists()


def _due() -> QuerySet[MediaFetch]:
    due = MediaFetch.objects.filter(next_attempt_at__lte=timezone.now())
    return due.select_related("file").order_by("next_attempt_at", "pk")


def _claim_next() -> MediaFetch | None:
    while (fetch := _due().first()) is not None:
        if _claim(fetch):
            return fetch
    return None


def _claim(fetch: MediaFetch) -> bool:
    """Nobody else takes it while we do, nor for a while after a crash of ours."""
    until = timezone.now() + _LEASE
    ours = MediaFetch.objects.filter(pk=fetch.pk, next_attempt_at=fetch.next_attempt_at)
    if not ours.update(next_attempt_at=until, attempts=fetch.attempts + 1):
        return False
    fetch.next_attempt_at, fetch.attempts = until, fetch.attempts + 1
    return True


def _hint() -> None:
    key = current_tenant().key
    on_commit(lambda: fetch_files.enqueue(key))


@contextmanager
def _slot(tenant_key: str) -> Iterator[bool]:
    slot = _slots.setdefault(tenant_key, threading.BoundedSemaphore(_AT_ONCE))
    is_free = slot.acquire(blocking=False)
    try:
        yield is_free
    finally:
        if is_free:
            slot.release()
