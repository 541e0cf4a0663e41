"""A voice note as words: fetched, transcribed once, and then a text like any other."""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from conversations import search_index
from conversations.line import client
from conversations.models import Message
from conversations.whatsapp.errors import GraphError
from conversations.whatsapp.reading import as_dict
from media_pipeline import services as files
from media_pipeline.models import MediaFile, Transcription
from media_pipeline.speech import EngineUnavailable, Transcript, active_engine

logger = logging.getLogger(__name__)
NOT_HEARD = "voz_sin_transcribir"  # why a chat needs attention
AUDIO_BYTES = 16 * 1024 * 1024  # Meta's limit for audio (cloud-api 3)


@dataclass(frozen=True)
class Heard:
    """`text` for the rules; or an `apology` to send; or neither: a person must listen."""

    text: str = ""
    apology: str = ""


def is_voice(message: Message) -> bool:
    return message.kind == "audio"


def hear(message: Message) -> Heard:
    """Transcribe the note unless that was done before. Never raises for what a note may hold."""
    if not active_engine().status().ok:
        return Heard()
    try:
        transcription = _transcription(_file(message))
    except (GraphError, EngineUnavailable) as error:
        logger.warning("Voice note %s was not transcribed: %s", message.pk, error)
        return Heard()
    if transcription.status == Transcription.Status.FAILED:
        return Heard(apology=transcription.error)
    message.body = transcription.text
    message.save(update_fields=["body"])
    search_index.reindex([message.pk])
    return Heard(text=transcription.text)


def _file(message: Message) -> MediaFile:
    if message.media is not None:
        return message.media
    audio = as_dict(message.payload.get("audio"))
    chunks = client().download_media(
        str(audio.get("id", "")), message.conversation.phone_number_id, max_bytes=AUDIO_BYTES
    )
    message.media = files.store(
        b"".join(chunks), mime_type=str(audio.get("mime_type", ""))[:100], extension="ogg"
    )
    message.save(update_fields=["media"])
    return message.media


def _transcription(file: MediaFile) -> Transcription:
    known = Transcription.objects.filter(file=file).first()
    if known is not None:
        return known
    engine = active_engine()
    try:
        heard = engine.transcribe(files.company_folder() / file.path, language="es")
    except Exception as error:  # any library may be behind it; a note must not block its chat
        raise EngineUnavailable(str(error)) from error
    problem = _problem(heard)
    return Transcription.objects.create(
        file=file,
        status=Transcription.Status.FAILED if problem else Transcription.Status.DONE,
        text=heard.text,
        confidence=heard.confidence,
        engine=engine.name,
        error=problem,
    )


def _problem(heard: Transcript) -> str:
    if heard.truncated or heard.audio_seconds * 1000 > settings.MAX_TRANSCRIPTION_DURATION_MS:
        return _("Audio recibido. No se realizó transcripción por exceder la duración permitida.")
    if not heard.text.strip():
        return _("No pudimos entender tu audio. ¿Puedes repetirlo o escribirnos?")
    return ""
