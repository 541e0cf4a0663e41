"""Acceptance scenario 25: voice notes."""

from pathlib import Path
from typing import Any

import pytest

from tests.journeys import speech
from tests.journeys.shop import ANA, Shop, incoming
from tests.media_files import voice_note

TOO_LONG = "Audio recibido. No se realizó transcripción por exceder la duración permitida."


@pytest.fixture(autouse=True)
def _own_uploads(tmp_path: Path, settings: Any) -> None:
    settings.UPLOADS_DIR = tmp_path
    speech.Hears.heard.clear()


@pytest.fixture
def hears(shop: Shop, settings: Any) -> Any:
    """Sets the engine by its name in tests.journeys.speech."""
    shop.rules(
        "menu_principal|iniciar|Menu", "menu_principal|precio|P1", "menu_principal|@audio|Oí algo"
    )

    def use(name: str) -> None:
        settings.SPEECH_ENGINE = f"tests.journeys.speech:{name}"

    use("Hears")
    return use


def speaks(shop: Shop, by: str = ANA, seconds: float = 2.0) -> str:
    """A client sends a voice note that Meta keeps."""
    media = shop.meta.graph.media.keep(shop.number, "audio/ogg", voice_note(seconds), filename="")
    note = {
        "id": media.media_id,
        "mime_type": "audio/ogg; codecs=opus",
        "sha256": "",
        "voice": True,
    }
    return shop.sends(incoming("audio", note, by))


def test_s25_a_voice_note_is_answered_like_its_words_once(shop: Shop, hears: Any) -> None:
    shop.says("hola")
    assert shop.heard_after(lambda: speaks(shop)) == ["P1"]
    note = shop.received()[-1]
    assert (note.kind, note.body) == ("audio", "precio")
    assert note.media_id is not None
    assert len(shop.received()) == 2
    assert len(speech.Hears.heard) == 1


def test_s25_a_first_voice_note_is_welcomed_and_answered(shop: Shop, hears: Any) -> None:
    assert shop.heard_after(lambda: speaks(shop)) == ["Menu", "P1"]


def test_s25_a_note_that_is_too_long_gets_the_apology(shop: Shop, hears: Any) -> None:
    shop.says("hola")
    assert shop.heard_after(lambda: speaks(shop, seconds=61.0)) == [TOO_LONG]
    assert speech.Hears.heard == []
    assert shop.step() == "menu_principal"


def test_s25_a_note_that_nobody_understands_asks_to_repeat(shop: Shop, hears: Any) -> None:
    shop.says("hola")
    hears("HearsNothing")
    (told,) = shop.heard_after(lambda: speaks(shop))
    assert told != TOO_LONG
    assert "repetir" in told


@pytest.mark.parametrize("engine", ["NotInstalled", "Breaks"])
def test_s25_without_working_engine_the_note_is_kept_and_flagged(
    shop: Shop, hears: Any, engine: str
) -> None:
    shop.says("hola")
    hears(engine)
    speaks(shop)
    assert shop.received()[-1].kind == "audio"
    assert shop.received()[-1].answered_at is not None
    assert shop.attention() == "voz_sin_transcribir"
    assert shop.heard_after(lambda: shop.says("precio")) == ["P1"]


def test_s25_a_note_that_meta_no_longer_has_is_flagged_and_nothing_else_is_lost(
    shop: Shop, hears: Any
) -> None:
    shop.says("hola")
    shop.sends(incoming("audio", {"id": "404404404", "mime_type": "audio/ogg", "voice": True}))
    assert shop.attention() == "voz_sin_transcribir"
    assert shop.heard_after(lambda: shop.says("precio")) == ["P1"]


@pytest.mark.parametrize("content", [None, {}, {"id": None}, {"id": "../../etc"}, "audio"])
def test_s25_an_audio_without_file_does_no_harm(shop: Shop, hears: Any, content: Any) -> None:
    shop.says("hola")
    shop.sends(incoming("audio", content))
    assert shop.received()[-1].answered_at is not None
    assert shop.heard_after(lambda: shop.says("precio")) == ["P1"]
