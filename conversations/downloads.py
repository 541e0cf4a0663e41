"""One file from Meta to our disk, and what is said and done when it does not come."""

import hashlib
import logging
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.line import client
from conversations.models import Message
from conversations.whatsapp.errors import Action, GraphError
from conversations.whatsapp.media import MediaCorrupt
from media_pipeline import quota, services
from media_pipeline.models import MediaFetch, MediaFile, StorageTrouble
from tenants.context import current_tenant
from whapco.lib import bus

logger = logging.getLogger(__name__)
_FIRST_PAUSE_SECONDS: Final = 10.0
_LONGEST_PAUSE_SECONDS: Final = 3600.0
_NO_ROOM_SECONDS: Final = 600.0


def download(fetch: MediaFetch) -> None:
    """Bring a claimed file here, or note when to try again. Tells open pages either way."""
    try:
        services.fill(fetch.file, _bytes_of(fetch), name=str(fetch.file.original_name))
    except GraphError as error:
        _put_off(fetch, error.text, error.wait_seconds, is_over=error.permanent)
    except services.EmptyFile:
        _put_off(fetch, _("El archivo llegó vacío."), is_over=True)
    except services.DiskFull:
        _no_room(fetch, StorageTrouble.Kind.DISK, _("El disco del servidor está lleno."))
    except services.OverQuota:
        full = _("La empresa llegó a su límite de espacio para archivos.")
        _no_room(fetch, StorageTrouble.Kind.QUOTA, full)
    else:
        fetch.delete()
    _tell(fetch.file_id)


def _bytes_of(fetch: MediaFetch) -> Iterator[bytes]:
    """Raises MediaCorrupt at the end, when they are not those that the webhook announced."""
    digest = hashlib.sha256()
    chunks = client().download_media(
        str(fetch.media_id), str(fetch.phone_number_id), max_bytes=services.MOST_BYTES
    )
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if fetch.sha256 and digest.hexdigest() != fetch.sha256:
        raise MediaCorrupt(
            _("El archivo llegó dañado de Meta. Se descarga otra vez."), action=Action.RETRY
        )


def _no_room(fetch: MediaFetch, kind: str, text: str) -> None:
    quota.note_trouble(kind)
    logger.error("No room for files of company %s: %s", current_tenant().key, kind)
    _put_off(fetch, text, _NO_ROOM_SECONDS)


def _put_off(
    fetch: MediaFetch, text: str, seconds: float | None = None, *, is_over: bool = False
) -> None:
    when = timezone.now() + timedelta(seconds=seconds or _pause_seconds(fetch.attempts))
    is_over = is_over or when > fetch.give_up_at
    fetch.next_attempt_at = None if is_over else when
    fetch.save(update_fields=["next_attempt_at"])
    state = MediaFile.State.FAILED if is_over else MediaFile.State.WAITING
    MediaFile.objects.filter(pk=fetch.file_id).update(state=state, trouble=text)
    logger.warning("File %s was not fetched (try %s): %s", fetch.file_id, fetch.attempts, text)


def _pause_seconds(attempts: int) -> float:
    """Doubling, with jitter: what failed together does not come back together."""
    pause = _FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 12)
    return min(pause, _LONGEST_PAUSE_SECONDS) * random.uniform(1.0, 1.25)  # noqa: S311


def _tell(file_id: int) -> None:
    key = current_tenant().key
    chats = Message.objects.filter(media=file_id).values_list("conversation_id", flat=True)
    for chat in chats:
        bus.publish(key, {"chat": chat, "last": 0})
