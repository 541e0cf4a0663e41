"""What was heard in a message's sound becomes its words: read, searched, mended by agents."""

import logging
import threading
from collections import deque
from typing import Final

from django.conf import settings
from django_tasks import task

from conversations import search_index
from conversations.fetching import CannotFetch, wait_for
from conversations.models import Message
from media_pipeline import transcribing
from media_pipeline.models import MediaFile, Transcription
from tenants import registry
from tenants.context import atomic, current_tenant, on_commit, tenant_context
from tenants.models import User
from tenants.schema import is_behind
from whapco.lib import bus

logger = logging.getLogger(__name__)
FETCH_SECONDS: Final = 30.0  # how long a note may take to arrive before a person has to listen
_lock = threading.Lock()
_busy = 0
_waiting: deque[str] = deque()  # companies with notes while all hands were busy


@task()
def transcribe_note(tenant_key: str, file_id: int) -> None:
    """Once its bytes are here: into the queue of those that are listened to."""
    tenant = registry.by_key(tenant_key)
    if tenant is None or is_behind(tenant):
        return
    with tenant_context(tenant):
        queued = Transcription.objects.select_related("file").filter(file=file_id).first()
        if queued is None or queued.is_over:
            return
        try:
            wait_for(queued.file, FETCH_SECONDS)
        except CannotFetch as error:
            transcribing.fail(queued, Transcription.Problem.NO_FILE, str(error))
            write_down(queued)
            return
    transcribe_next.enqueue(tenant_key)


@task()
def transcribe_next(tenant_key: str) -> None:
    """Listen to one note of the company, then to the next company's that waits: no company keeps
    the others from being heard."""
    tenant = registry.by_key(tenant_key)
    if tenant is None or is_behind(tenant) or not _take_hand(tenant_key):
        return
    more = False
    try:
        with tenant_context(tenant):
            claimed = transcribing.claim_next()
            if claimed is not None:
                write_down(transcribing.run(claimed))
                more = transcribing.due().exists()
    finally:
        _give_hand_back(tenant_key if more else "")


def transcribe_due() -> bool:
    """Periodic: what a crash or a lost hint left. Whether anything waits."""
    key = current_tenant().key
    if transcribing.due().exists():
        transcribe_next.enqueue(key)
    waiting = Transcription.objects.filter(status=Transcription.Status.QUEUED)
    missing = waiting.exclude(file__state=MediaFile.State.READY)
    for file_id in missing.values_list("file_id", flat=True)[:100]:
        transcribe_note.enqueue(key, file_id)
    return waiting.exists()


def ask_for(message: Message) -> None:
    """Have the sound of a message transcribed: once."""
    if message.media is None:
        return
    transcription = transcribing.queue(message.media)
    if not transcription.is_over:
        transcribe_note.enqueue(current_tenant().key, message.media.pk)


def transcribe_again(message: Message) -> None:
    """A person wants it heard anew. The bot does not answer it a second time."""
    assert message.media is not None  # noqa: S101  (the view asks for it)
    key, file_id = current_tenant().key, message.media.pk
    with atomic():
        transcribing.queue_again(message.media)
        on_commit(lambda: transcribe_note.enqueue(key, file_id))
    _tell(message.conversation_id)


def edit(message: Message, text: str, *, agent: User) -> None:
    assert message.media is not None  # noqa: S101  (the view asks for it)
    with atomic():
        transcribing.edit(transcribing.queue(message.media), text, by=agent)
        Message.objects.filter(pk=message.pk).update(body=text)
        search_index.reindex([message.pk])
    _tell(message.conversation_id)


def write_down(transcription: Transcription) -> None:
    """The words of the file's messages; then open pages hear of it."""
    messages = list(Message.objects.filter(media=transcription.file_id))
    with atomic():
        if transcription.status == Transcription.Status.DONE:
            ids = [message.pk for message in messages]
            Message.objects.filter(pk__in=ids).update(body=transcription.text)
            search_index.reindex(ids)
    for message in messages:
        _tell(message.conversation_id)


def _tell(conversation_id: int) -> None:
    bus.publish(current_tenant().key, {"chat": conversation_id, "last": 0})


def _take_hand(tenant_key: str) -> bool:
    global _busy
    with _lock:
        if _busy >= max(1, settings.SPEECH_WORKERS):
            if tenant_key not in _waiting:
                _waiting.append(tenant_key)
            return False
        _busy += 1
        return True


def _give_hand_back(tenant_key: str) -> None:
    global _busy
    with _lock:
        _busy -= 1
        if tenant_key and tenant_key not in _waiting:
            _waiting.append(tenant_key)
        following = _waiting.popleft() if _waiting else ""
    if following:
        transcribe_next.enqueue(following)
