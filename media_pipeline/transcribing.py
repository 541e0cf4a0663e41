"""Files become words: rows are the queue, a pool of few threads are the hands.

The same bytes are transcribed once, unless a person asks for it again.
"""

import logging
import tempfile
import threading
import wave
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from media_pipeline import audio, services
from media_pipeline.ffmpeg import FfmpegMissing, Unreadable
from media_pipeline.models import MediaFile, Transcription
from media_pipeline.speech import Engine, EngineUnavailable, Transcript, active_engine
from tenants.models import User

logger = logging.getLogger(__name__)
MAX_ATTEMPTS: Final = 3  # a note that ended the process three times is left to people
_LEASE: Final = timedelta(minutes=10)
_SHORTEST_SECONDS: Final = 0.1
_Status, _Problem = Transcription.Status, Transcription.Problem
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


class _TooLong(Exception):
    """Longer than MAX_TRANSCRIPTION_DURATION_MS."""


def queue(file: MediaFile) -> Transcription:
    """The transcription of a file: a new row waits for its turn."""
    return Transcription.objects.get_or_create(file=file)[0]


def queue_again(file: MediaFile) -> Transcription:
    """Whatever was heard before, edited or not: a person wants it heard anew."""
    fresh = {"status": _Status.QUEUED, "problem": "", "error": "", "attempts": 0}
    found, _is_new = Transcription.objects.update_or_create(
        file=file, defaults={**fresh, "claimed_at": None, "edited_by": None, "edited_at": None}
    )
    return found


def due() -> QuerySet[Transcription]:
    """Those that wait, or whose worker is gone; their files are here."""
    gone = Q(status=_Status.RUNNING, claimed_at__lt=timezone.now() - _LEASE)
    waiting = Transcription.objects.filter(Q(status=_Status.QUEUED) | gone)
    ready = waiting.filter(file__state=MediaFile.State.READY)
    return ready.select_related("file").order_by("created_at", "pk")


def claim_next() -> Transcription | None:
    """One for us alone. What has ended its process again and again fails here."""
    while (found := due().first()) is not None:
        ours = Transcription.objects.filter(pk=found.pk, claimed_at=found.claimed_at)
        now = timezone.now()
        if not ours.filter(status=found.status).update(
            status=_Status.RUNNING, claimed_at=now, attempts=F("attempts") + 1
        ):
            continue
        found.status, found.claimed_at, found.attempts = _Status.RUNNING, now, found.attempts + 1
        return found
    return None


def run(claimed: Transcription) -> Transcription:
    """Transcribe it and store the outcome. Raises nothing for what a note may hold."""
    if claimed.attempts > MAX_ATTEMPTS:
        return fail(claimed, _Problem.UNREADABLE)
    engine = active_engine()
    try:
        engine_ok = engine.status()
        if not engine_ok.ok:
            raise EngineUnavailable(engine_ok.reason)
        heard = hands().submit(_listen, engine, services.path_of(claimed.file)).result()
    except _TooLong:
        return fail(claimed, _Problem.TOO_LONG)
    except (Unreadable, FileNotFoundError):
        return fail(claimed, _Problem.UNREADABLE)
    except FfmpegMissing:
        return fail(claimed, _Problem.NO_ENGINE, "ffmpeg")
    except (Exception, SystemExit) as error:  # any library may be behind an engine
        logger.warning("Transcription %s failed", claimed.pk, exc_info=error)
        return fail(claimed, _Problem.NO_ENGINE, str(error))
    return _keep(claimed, engine, heard)


def fail(transcription: Transcription, problem: str, error: str = "") -> Transcription:
    transcription.status, transcription.problem = _Status.FAILED, problem
    transcription.error = error
    transcription.save(update_fields=["status", "problem", "error"])
    return transcription


def edit(transcription: Transcription, text: str, *, by: User) -> None:
    """A person heard it better; what the engine wrote stays in `original_text`."""
    transcription.text = text
    transcription.status, transcription.problem, transcription.error = _Status.DONE, "", ""
    transcription.edited_by, transcription.edited_at = by, timezone.now()
    transcription.save()


def hands() -> ThreadPoolExecutor:
    """The threads that listen, SPEECH_WORKERS of them, made with the first note."""
    global _pool
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(max(1, settings.SPEECH_WORKERS), thread_name_prefix="speech")
        return _pool


def listen(engine: Engine, source: Path) -> Transcript:
    """Raises Unreadable, FfmpegMissing, EngineUnavailable and what the engine may raise; a note
    that is too long comes back `truncated`."""
    try:
        return _listen(engine, source)
    except _TooLong:
        return Transcript("", 0.0, truncated=True)


def _listen(engine: Engine, source: Path) -> Transcript:
    """Touches no database: it runs in a thread that has no company."""
    most = settings.MAX_TRANSCRIPTION_DURATION_MS / 1000
    with tempfile.TemporaryDirectory(prefix="whapco-voz-") as folder:
        wav = Path(folder, "note.wav")
        audio.to_wav(source, wav, most_seconds=most + 1)
        with wave.open(str(wav)) as sound:
            seconds = sound.getnframes() / sound.getframerate()
        if seconds > most:
            raise _TooLong
        if seconds < _SHORTEST_SECONDS:
            return Transcript("", 0.0, audio_seconds=seconds)
        return engine.transcribe(wav, language=settings.LANGUAGE_CODE[:2])


def _keep(claimed: Transcription, engine: Engine, heard: Transcript) -> Transcription:
    text = heard.text.strip()
    if heard.truncated:
        return fail(claimed, _Problem.TOO_LONG)
    if not text:
        return fail(claimed, _Problem.NOTHING)
    is_unsure = heard.confidence < engine.least_confidence
    claimed.status = _Status.DONE
    claimed.problem = _Problem.UNSURE if is_unsure else ""
    claimed.text = claimed.original_text = text
    claimed.confidence = heard.confidence
    claimed.engine, claimed.model, claimed.error = engine.name[:60], heard.model[:120], ""
    claimed.save()
    return claimed
