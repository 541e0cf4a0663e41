"""Vosk's models on the disk: where they are, and whether they are whole."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from media_pipeline.speech.engines import EngineUnavailable

NAME: Final = "vosk-model-small-es-0.42"
_CACHES: Final = (
    Path("/usr/share/vosk"),
    Path.home() / "AppData/Local/vosk",
    Path.home() / ".cache/vosk",
)
_TRY_SECONDS: Final = 120
_TRY: Final = """
import sys, vosk
vosk.SetLogLevel(-1)
recogniser = vosk.KaldiRecognizer(vosk.Model(sys.argv[1]), 16000)
recogniser.AcceptWaveform(bytes(32000))
recogniser.FinalResult()
print("whapco: whole")
"""


def default_folder() -> Path:
    """Where `download_vosk_model` puts them."""
    return Path(settings.BASE_DIR) / "data" / "vosk"


def find_model() -> Path | None:
    """VOSK_MODEL_PATH; unset: a Spanish model in the folders where Vosk keeps its own. The first
    that is whole, or None."""
    if settings.VOSK_MODEL_PATH:
        wanted = Path(settings.VOSK_MODEL_PATH)
        return wanted if not missing_part(wanted) else None
    for folder in (default_folder(), *_CACHES):
        for model in sorted(folder.glob("vosk-model*-es-*")):
            if not missing_part(model):
                return model
    return None


def missing_part(model: Path) -> str:
    """The file a model cannot be without and this one is; empty where all are there."""
    for choices in (
        ("am/final.mdl", "final.mdl"),
        ("graph/HCLG.fst", "graph/HCLr.fst", "HCLr.fst"),
    ):
        if not any(_has_bytes(model / name) for name in choices):
            return choices[0]
    if _has_bytes(model / "graph/HCLr.fst") and not _has_bytes(model / "graph/Gr.fst"):
        return "graph/Gr.fst"
    return ""


def try_model(model: Path) -> None:
    """Load it in a child process: a damaged one may end the process that loads it. Raises
    EngineUnavailable."""
    command = [sys.executable, "-c", _TRY, str(model)]
    try:
        tried = subprocess.run(  # noqa: S603  (our own words, and a path as an argument)
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRY_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineUnavailable(_broken(model)) from None
    if tried.returncode != 0 or b"whapco: whole" not in tried.stdout:
        raise EngineUnavailable(_broken(model))


def _has_bytes(file: Path) -> bool:
    try:
        return file.is_file() and file.stat().st_size > 0
    except OSError:
        return False


def _broken(model: Path) -> str:
    return _("El modelo de Vosk está dañado: %(path)s") % {"path": model}
