"""Engines that understand whatever a test says: the only other thing that is not real."""

from collections.abc import Sequence
from pathlib import Path

from media_pipeline.speech import EngineStatus, Transcript


class Hears:
    """Hears `text` in every note of `seconds`."""

    name = "prueba"
    least_confidence = 0.5
    confidence = 1.0
    text = "precio"
    seconds = 3.0
    heard: list[Path] = []  # noqa: RUF012 - shared on purpose: the product makes the object

    def status(self) -> EngineStatus:
        return EngineStatus(True)

    def load(self) -> None:
        """Nothing to load."""

    def transcribe(
        self, audio: Path, *, language: str = "es", phrases: Sequence[str] = ()
    ) -> Transcript:
        assert audio.stat().st_size > 0
        self.heard.append(audio)
        return Transcript(self.text, self.confidence, audio_seconds=self.seconds, engine=self.name)


class HearsNothing(Hears):
    text = ""


class HearsMeasures(Hears):
    text = "ciento veinte por ochenta"


class IsUnsure(Hears):
    confidence = 0.2


class Breaks(Hears):
    def transcribe(
        self, audio: Path, *, language: str = "es", phrases: Sequence[str] = ()
    ) -> Transcript:
        raise RuntimeError("the engine broke")


class NotInstalled(Hears):
    def status(self) -> EngineStatus:
        return EngineStatus(False, "Falta el modelo")
