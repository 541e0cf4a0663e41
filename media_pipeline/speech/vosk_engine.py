"""Vosk: Kaldi in a wheel. One model per process, one recogniser per note."""

import json
import threading
import time
import wave
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from media_pipeline.speech import vosk_models
from media_pipeline.speech.engines import EngineStatus, EngineUnavailable, Transcript

_FRAMES: Final = 8_000  # half a second


class VoskEngine:
    """`Model(path)` always: `Model(lang=…)` would download, and may end the process."""

    name = "vosk"
    least_confidence = 0.6

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Path, Any] | None = None

    def status(self) -> EngineStatus:
        if find_spec("vosk") is None:
            return EngineStatus(False, _("Falta el paquete vosk."))
        if vosk_models.find_model() is None and not settings.VOSK_ALLOW_DOWNLOAD:
            return EngineStatus(False, _missing())
        return EngineStatus(True)

    def load(self) -> None:
        self._model()

    def transcribe(
        self, audio: Path, *, language: str = "es", phrases: Sequence[str] = ()
    ) -> Transcript:
        """The model has one language: `language` only goes along."""
        began = time.monotonic()
        path, model = self._model()
        with wave.open(str(audio)) as sound:
            seconds = sound.getnframes() / sound.getframerate()
            words = _heard(_recogniser(path, model, phrases), sound)
        trust = [word["conf"] for word in words if "conf" in word]
        return Transcript(
            text=" ".join(word["word"] for word in words),
            confidence=sum(trust) / len(trust) if trust else 0.0,
            language=language,
            engine=self.name,
            model=path.name,
            audio_seconds=seconds,
            elapsed_seconds=time.monotonic() - began,
        )

    def _model(self) -> tuple[Path, Any]:
        path = vosk_models.find_model()
        with self._lock:
            if path is None:
                path = _downloaded()
            if self._loaded is None or self._loaded[0] != path:
                self._loaded = (path, _load(path))
            return self._loaded


def _load(path: Path) -> Any:
    """Raises EngineUnavailable."""
    vosk_models.try_model(path)
    import vosk

    vosk.SetLogLevel(-1)
    try:
        return vosk.Model(str(path))
    except Exception as error:  # a bare Exception is what Vosk raises
        raise EngineUnavailable(str(error)) from error


def _downloaded() -> Path:
    """Raises EngineUnavailable."""
    if not settings.VOSK_ALLOW_DOWNLOAD:
        raise EngineUnavailable(_missing())
    from media_pipeline.speech.vosk_download import BadModel, install

    try:
        return install()
    except BadModel as error:
        raise EngineUnavailable(str(error)) from error


def _recogniser(path: Path, model: Any, phrases: Sequence[str]) -> Any:
    """A list of phrases only where the graph can take one: it is no use elsewhere."""
    import vosk

    wanted = [phrase for phrase in phrases if phrase.strip()]
    if wanted and (path / "graph/Gr.fst").exists():
        recogniser = vosk.KaldiRecognizer(model, 16_000, json.dumps(wanted, ensure_ascii=False))
    else:
        recogniser = vosk.KaldiRecognizer(model, 16_000)
    recogniser.SetWords(True)
    return recogniser


def _heard(recogniser: Any, sound: wave.Wave_read) -> list[dict[str, Any]]:
    words: list[dict[str, Any]] = []
    while frames := sound.readframes(_FRAMES):
        if recogniser.AcceptWaveform(frames):
            words += json.loads(recogniser.Result()).get("result", [])
    words += json.loads(recogniser.FinalResult()).get("result", [])
    return [word for word in words if word["word"] not in ("[unk]", "<unk>")]


def _missing() -> str:
    if settings.VOSK_MODEL_PATH:
        path = Path(settings.VOSK_MODEL_PATH)
        part = vosk_models.missing_part(path)
        return _("En VOSK_MODEL_PATH (%(path)s) falta %(part)s.") % {"path": path, "part": part}
    return _("Falta el modelo de voz: manage.py download_vosk_model, o define VOSK_MODEL_PATH.")
