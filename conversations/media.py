"""Files of our own in outgoing words: uploaded to Meta, named by media id."""

from typing import BinaryIO

from django.utils.translation import gettext as _

from conversations.line import client
from conversations.whatsapp import outbound
from conversations.whatsapp.errors import Action, AnswerUnknown, GraphError, NotSent
from media_pipeline.models import MediaFile
from media_pipeline.services import open_file


def with_uploads(words: outbound.Words, phone_number_id: str) -> outbound.Words:
    """The words with the place of our own file taken by Meta's media id. Raises GraphError."""
    file_id = outbound.pending_file(words)
    if file_id is None:
        return words
    try:
        file = MediaFile.objects.get(pk=file_id)
        content = open_file(file)
    except (MediaFile.DoesNotExist, FileNotFoundError):
        gone = _("El archivo ya no está en el servidor. Súbelo de nuevo.")
        raise GraphError(gone, action=Action.AGENT) from None
    with content:
        media_id = _upload(phone_number_id, content, file)
    named = outbound.with_media_id(words, media_id)
    if named["type"] == "document" and file.original_name:
        named["document"].setdefault("filename", file.original_name)
    return named


def _upload(phone_number_id: str, content: BinaryIO, file: MediaFile) -> str:
    """An upload whose answer is lost has sent nothing yet: the message is not in doubt."""
    try:
        return client().upload_media(
            phone_number_id, content, size=file.size, mime_type=file.mime_type
        )
    except AnswerUnknown as error:
        raise NotSent(error.text, action=error.action, http_status=error.http_status) from None
