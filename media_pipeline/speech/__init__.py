"""Speech to text: what an engine is, and which one is active."""

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from media_pipeline.speech.engines import Engine as Engine
from media_pipeline.speech.engines import EngineStatus as EngineStatus
from media_pipeline.speech.engines import EngineUnavailable as EngineUnavailable
from media_pipeline.speech.engines import NoEngine
from media_pipeline.speech.engines import Transcript as Transcript

_PATHS = {
    "vosk": "media_pipeline.speech.vosk_engine:VoskEngine",
    "faster_whisper": "media_pipeline.speech.whisper_engine:WhisperEngine",
}


def active_engine() -> Engine:
    """The engine of SPEECH_ENGINE: `vosk`, `faster_whisper`, `none`, or the dotted path
    `package.module:Class` of one. One object per process: it keeps its model."""
    name = str(settings.SPEECH_ENGINE)
    return _engine(_PATHS.get(name, name))


@lru_cache(maxsize=16)
def _engine(path: str) -> Engine:
    if ":" not in path:
        return NoEngine()
    engine: Engine = import_string(path.replace(":", "."))()
    return engine
