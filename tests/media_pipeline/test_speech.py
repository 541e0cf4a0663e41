"""Engines with real models, and what is said of numbers."""

from pathlib import Path
from typing import Any

import pytest

from media_pipeline import audio
from media_pipeline.speech import EngineUnavailable, active_engine
from media_pipeline.speech.vosk_download import BadModel, install
from media_pipeline.speech.vosk_engine import VoskEngine
from tests import speech_models
from tests.media_files import zipped
from whapco.lib.number_words import with_digits


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("uno", "1"),
        ("Uno, dos", "1, 2"),
        ("ciento veinte por ochenta", "120 por 80"),
        ("treinta y uno", "31"),
        ("dos mil quinientos", "2500"),
        ("un millón doscientos mil", "1200000"),
        ("dos coma cinco", "2,5"),
        ("quiero una cotización", "quiero una cotización"),
        ("120 x 80", "120 x 80"),
    ],
)
def test_numbers_in_words_become_digits(said: str, read: str) -> None:
    assert with_digits(said) == read


def test_vosk_hears_korean_with_a_real_model(tmp_path: Path, settings: Any) -> None:
    model = tmp_path / "korean"
    model.mkdir()
    settings.VOSK_MODEL_PATH = str(speech_models.korean(model))
    engine = VoskEngine()
    assert engine.status().ok
    wav = tmp_path / "note.wav"
    audio.to_wav(speech_models.NOTES / "saludo_ko.ogg", wav, most_seconds=60)
    heard = engine.transcribe(wav, language="ko", phrases=["안녕하세요"])
    assert heard.text == "안녕하세요"
    assert heard.confidence > engine.least_confidence


def test_a_model_that_lacks_a_file_is_named_and_never_loaded(tmp_path: Path, settings: Any) -> None:
    settings.SPEECH_ENGINE, settings.VOSK_MODEL_PATH = "vosk", str(tmp_path)
    assert "am/final.mdl" in active_engine().status().reason
    with pytest.raises(EngineUnavailable, match=r"am/final\.mdl"):
        active_engine().load()


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil"])
def test_an_archive_that_writes_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    archive = tmp_path / "model.zip"
    archive.write_bytes(zipped({path: b"x"}))
    with pytest.raises(BadModel, match="peligrosa"):
        install("modelo-es", folder=tmp_path / "models", archive=archive)
    assert list((tmp_path / "models").iterdir()) == []


def test_an_archive_with_another_digest_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "model.zip"
    archive.write_bytes(zipped({"m/am/final.mdl": b"x"}))
    with pytest.raises(BadModel, match="sha256"):
        install("modelo-es", folder=tmp_path / "models", archive=archive, sha256="0" * 64)
