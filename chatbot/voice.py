"""A voice note as words: transcribed once, in the background, and then a text like any other.

What the contact writes after a note waits for it, at most VOICE_WAIT_SECONDS.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from conversations import transcripts
from conversations.inbox import Work, put_off
from conversations.models import Message
from media_pipeline.models import Transcription
from media_pipeline.speech import active_engine

logger = logging.getLogger(__name__)
NOT_HEARD: Final = "voz_sin_transcribir"  # why a chat needs attention
_LOOK_AGAIN: Final = timedelta(seconds=0.5)
_Problem = Transcription.Problem
_NOT_UNDERSTOOD = (_Problem.NOTHING, _Problem.UNSURE, _Problem.UNREADABLE)


@dataclass(frozen=True)
class Heard:
    """`text` for the rules; or an `apology` to send; or neither: a person must listen."""

    text: str = ""
    apology: str = ""


def is_voice(message: Message) -> bool:
    return message.kind == "audio"


def wait_for_notes(work: Work, now: datetime) -> None:
    """Have the notes of a leased chat transcribed, and put off those that are not yet, with what
    came after them."""
    ask_for_notes(work.received)
    pending = [one for one in work.received if is_voice(one) and not _is_heard(one)]
    if not pending:
        return
    limit = timedelta(seconds=settings.VOICE_WAIT_SECONDS)
    late = [one for one in pending if one.created_at + limit <= now]
    kept_waiting = [one for one in pending if one not in late][:1]
    put = list(late)
    for first in kept_waiting:
        put += [one for one in work.received if one.pk >= first.pk and one not in late]
    put_off(work, put, now + _LOOK_AGAIN)
    if late and work.received:
        logger.warning(
            "Chat %s: messages %s are answered before the voice notes %s, which take too long",
            work.conversation.pk,
            [one.pk for one in work.received],
            [one.pk for one in late],
        )


def ask_for_notes(messages: Sequence[Message]) -> None:
    """Also of chats that an agent answers: they read what was said."""
    for message in messages:
        if is_voice(message) and message.media_id and active_engine().status().ok:
            transcripts.ask_for(message)


def hear(message: Message) -> Heard:
    """What became of the note. Raises nothing for what a note may hold."""
    known = _transcription(message)
    if known is None or not known.is_over:
        return Heard()
    if known.problem == _Problem.TOO_LONG:
        return Heard(
            apology=_(
                "Audio recibido. No se realizó transcripción por exceder la duración permitida."
            )
        )
    if known.problem in _NOT_UNDERSTOOD:
        return Heard(apology=_("No pudimos entender tu audio. ¿Puedes repetirlo o escribirnos?"))
    if known.problem:
        logger.warning("Voice note %s was not transcribed: %s", message.pk, known.error)
        return Heard()
    message.body = known.text
    return Heard(text=known.text)


def _is_heard(message: Message) -> bool:
    """Or will never be: without engine or file nothing is waited for."""
    if message.media_id is None:
        return True
    known = _transcription(message)
    return known.is_over if known is not None else not active_engine().status().ok


def _transcription(message: Message) -> Transcription | None:
    if message.media_id is None:
        return None
    return Transcription.objects.filter(file=message.media_id).first()
