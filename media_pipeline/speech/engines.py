"""What a speech engine is; which one is active is told in the package."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.utils.translation import gettext as _


class EngineUnavailable(Exception):
    """No engine, or its model is not there; the text says, in Spanish, what to set."""


@dataclass(frozen=True)
class EngineStatus:
    ok: bool
    reason: str = ""


@dataclass(frozen=True)
class Transcript:
    """What was heard. `confidence` from 0 to 1; `truncated`: the audio was longer than allowed."""

    text: str
    confidence: float = 1.0
    language: str = "es"
    engine: str = ""
    model: str = ""
    audio_seconds: float = 0.0
    elapsed_seconds: float = 0.0
    truncated: bool = False


class Engine(Protocol):
    """`status` never raises and loads nothing; `load` raises EngineUnavailable. Under
    `least_confidence` people read what was heard, and the rules do not."""

    name: str
    least_confidence: float

    def status(self) -> EngineStatus: ...

    def load(self) -> None: ...

    def transcribe(
        self, audio: Path, *, language: str = "es", phrases: Sequence[str] = ()
    ) -> Transcript:
        """`audio` is a wav: 16 kHz, mono, 16 bit. With `phrases` nothing else is listened for,
        where the engine can do that."""
        ...


class NoEngine:
    """The installation has no speech engine: voice notes are kept for people to hear."""

    name = "none"
    least_confidence = 0.0

    def status(self) -> EngineStatus:
        return EngineStatus(False, _("No hay motor de voz: define SPEECH_ENGINE."))

    def load(self) -> None:
        raise EngineUnavailable(self.status().reason)

    def transcribe(
        self, audio: Path, *, language: str = "es", phrases: Sequence[str] = ()
    ) -> Transcript:
        raise EngineUnavailable(self.status().reason)
