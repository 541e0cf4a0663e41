"""A voice note as words: fetched, transcribed once, and then a text like any other."""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from conversations import search_index
from conversations.fetching import CannotFetch, wait_for
from conversations.models import Message
from media_pipeline import services as files
from media_pipeline.models import MediaFile, Transcription
from media_pipeline.speech import EngineUnavailable, Transcript, active_engine

logger = logging.getLogger(__name__)
NOT_HEARD = "voz_sin_transcribir"  # why a chat needs attention
FETCH_SECONDS = 30.0  # how long a note may take to arrive before a person has to listen


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
    except (CannotFetch, EngineUnavailable) as error:
        logger.warning("Voice note %s was not transcribed: %s", message.pk, error)
        return Heard()
    if transcription.status == Transcription.Status.FAILED:
        return Heard(apology=transcription.error)
    message.body = transcription.text
    message.save(update_fields=["body"])
    search_index.reindex([message.pk])
    return Heard(text=transcription.text)


def _file(message: Message) -> MediaFile:
    """The stored note. Raises CannotFetch."""
    if message.media is None:
        raise CannotFetch(_("El mensaje no trae ningún audio."))
    return wait_for(message.media, FETCH_SECONDS)


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
