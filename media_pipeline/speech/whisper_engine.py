"""faster-whisper: Whisper on CTranslate2. More accurate than small Vosk models, and slower."""

import math
import threading
import time
import wave
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from media_pipeline.speech.engines import EngineStatus, EngineUnavailable, Transcript

_REPEATS: Final = 2.4  # a segment that compresses better says the same again and again


class WhisperEngine:
    """The model is the folder WHISPER_MODEL_PATH, with `model.bin` in it. Nothing is downloaded."""

    name = "faster_whisper"
    least_confidence = 0.35

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[str, Any] | None = None

    def status(self) -> EngineStatus:
        if find_spec("faster_whisper") is None:
            return EngineStatus(False, _("Falta el paquete faster-whisper."))
        path = settings.WHISPER_MODEL_PATH
        if not path or not Path(path, "model.bin").is_file():
            return EngineStatus(False, _("Define WHISPER_MODEL_PATH: la carpeta con model.bin."))
        return EngineStatus(True)

    def load(self) -> None:
        self._model()

    def transcribe(
        self, audio: Path, *, language: str = "es", phrases: Sequence[str] = ()
    ) -> Transcript:
        """Without `vad_filter` silence becomes "No, no, no…"."""
        began = time.monotonic()
        path, model = self._model()
        segments, info = model.transcribe(
            str(audio),
            language=language,
            temperature=0,
            vad_filter=True,
            condition_on_previous_text=False,
            hotwords=", ".join(phrases) or None,
        )
        kept = [one for one in segments if one.compression_ratio <= _REPEATS]
        return Transcript(
            text=" ".join(one.text.strip() for one in kept),
            confidence=_confidence(kept),
            language=info.language,
            engine=self.name,
            model=Path(path).name,
            audio_seconds=_seconds(audio),
            elapsed_seconds=time.monotonic() - began,
        )

    def _model(self) -> tuple[str, Any]:
        path = str(settings.WHISPER_MODEL_PATH)
        with self._lock:
            if self._loaded is None or self._loaded[0] != path:
                self._loaded = (path, _load(path, self.status()))
            return self._loaded


def _load(path: str, status: EngineStatus) -> Any:
    """Raises EngineUnavailable."""
    if not status.ok:
        raise EngineUnavailable(status.reason)
    try:
        return import_module("faster_whisper").WhisperModel(  # who wants it installs it
            path,
            device="cpu",
            compute_type="int8",
            cpu_threads=1,
            num_workers=settings.SPEECH_WORKERS,
            local_files_only=True,
        )
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        raise EngineUnavailable(str(error)) from error


def _confidence(segments: Sequence[Any]) -> float:
    """The mean probability of a token, weighed by the segments' lengths."""
    total: float = sum(max(one.end - one.start, 0.01) for one in segments)
    logs = sum(one.avg_logprob * max(one.end - one.start, 0.01) for one in segments)
    return min(1.0, math.exp(float(logs / total))) if segments else 0.0


def _seconds(audio: Path) -> float:
    with wave.open(str(audio)) as sound:
        return float(sound.getnframes() / sound.getframerate())
