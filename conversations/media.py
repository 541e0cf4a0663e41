"""Files of our own in outgoing words: uploaded to Meta once per number, named by media id."""

from datetime import timedelta
from typing import BinaryIO, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.line import client
from conversations.models import Message
from conversations.whatsapp import outbound
from conversations.whatsapp.errors import Action, AnswerUnknown, GraphError, NotSent
from conversations.whatsapp.files import type_for_meta
from media_pipeline.models import MediaFile, MediaUpload
from media_pipeline.services import open_file

MEDIA_ERROR: Final = 131053  # Meta could make nothing of the file it had, or has it no more
_UNKNOWN_ID: Final = 100
_GOOD_FOR: Final = timedelta(days=29)  # Meta says 30


def with_uploads(message: Message, phone_number_id: str) -> outbound.Words:
    """The message's words with the place of our own file taken by Meta's media id. Raises
    GraphError."""
    words: outbound.Words = message.payload
    file_id = outbound.pending_file(words)
    if file_id is None:
        return words
    gone = _("El archivo ya no está en el servidor. Súbelo de nuevo.")
    file = MediaFile.objects.filter(pk=file_id).first()
    if file is None:
        raise GraphError(gone, action=Action.AGENT)
    _show(message, file)
    try:
        media_id = _known_id(message, file, phone_number_id) or _new_id(file, phone_number_id)
    except FileNotFoundError:
        raise GraphError(gone, action=Action.AGENT) from None
    named = outbound.with_media_id(words, media_id)
    if named["type"] == "document" and file.original_name:
        named["document"].setdefault("filename", file.original_name)
    return named


def forget_upload(message: Message, phone_number_id: str, error: GraphError) -> bool:
    """Whether Meta may have lost a file before its time: then it is uploaded again."""
    file_id = outbound.pending_file(message.payload)
    if file_id is None or error.code not in (_UNKNOWN_ID, MEDIA_ERROR):
        return False
    return bool(_uploads(file_id, phone_number_id).delete()[0])


def _show(message: Message, file: MediaFile) -> None:
    """The chat shows the file, whoever sent it."""
    if message.media_id is None:
        message.media = file
        Message.objects.filter(send_key=message.send_key).update(media=file)


def _known_id(message: Message, file: MediaFile, phone_number_id: str) -> str:
    """Empty where it must be uploaded, also because Meta has complained about the upload."""
    known = _uploads(file.pk, phone_number_id).filter(expires_at__gt=timezone.now()).first()
    if known is None or message.manual_retries.filter(error_code=MEDIA_ERROR).exists():
        return ""
    return str(known.media_id)


def _new_id(file: MediaFile, phone_number_id: str) -> str:
    """Raises GraphError, FileNotFoundError."""
    with open_file(file) as content:
        media_id = _upload(phone_number_id, content, file)
    MediaUpload.objects.update_or_create(
        file=file,
        phone_number_id=phone_number_id,
        defaults={"media_id": media_id, "expires_at": timezone.now() + _GOOD_FOR},
    )
    return media_id


def _uploads(file_id: int, phone_number_id: str) -> QuerySet[MediaUpload]:
    return MediaUpload.objects.filter(file=file_id, phone_number_id=phone_number_id)


def _upload(phone_number_id: str, content: BinaryIO, file: MediaFile) -> str:
    """An upload whose answer is lost has sent nothing yet: the message is not in doubt."""
    try:
        return client().upload_media(
            phone_number_id, content, size=file.size, mime_type=type_for_meta(str(file.mime_type))
        )
    except AnswerUnknown as error:
        raise NotSent(error.text, action=error.action, http_status=error.http_status) from None
