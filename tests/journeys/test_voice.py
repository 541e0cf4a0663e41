"""Voice notes with real ffmpeg, real Whisper and real Spanish, from the webhook to the answer."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chatbot import tasks
from conversations.models import Message
from media_pipeline.models import Transcription
from tests import speech_models
from tests.journeys import speech
from tests.journeys.shop import ANA, Shop, incoming, outside
from tests.media_files import playlist, voice_note
from tests.tasks import run_later

NOT_UNDERSTOOD = "No pudimos entender tu audio. ¿Puedes repetirlo o escribirnos?"


@pytest.fixture(autouse=True)
def _own_uploads(tmp_path: Path, settings: Any) -> None:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    settings.SPEECH_ENGINE = "tests.journeys.speech:Hears"


@pytest.fixture
def whisper(settings: Any) -> None:
    settings.WHISPER_MODEL_PATH = str(speech_models.whisper())
    settings.SPEECH_ENGINE = "faster_whisper"


@pytest.fixture
def menu(shop: Shop) -> Shop:
    shop.rules(
        "menu_principal|iniciar|Menu",
        "menu_principal|quiero hablar con un asesor por favor|Ya te atienden",
        "menu_principal|cancelar|Cancelado",
        "menu_principal|precio|P1",
        "menu_principal|120 por 80|Medidas",
        "menu_principal|despues|Después",
    )
    shop.says("hola")
    return shop


def speaks(shop: Shop, content: bytes) -> None:
    kept = shop.meta.graph.media.keep(shop.number, "audio/ogg", content, filename="")
    note = {"id": kept.media_id, "mime_type": "audio/ogg; codecs=opus", "voice": True}
    shop.sends(incoming("audio", note))


@pytest.mark.parametrize(
    ("note", "answer"),
    [("asesor", "Ya te atienden"), ("cancelar", "Cancelado")],
)
def test_spanish_speech_gets_the_answer_of_its_rule(
    menu: Shop, whisper: None, note: str, answer: str
) -> None:
    content = (speech_models.NOTES / f"{note}.ogg").read_bytes()
    assert menu.heard_after(lambda: speaks(menu, content)) == [answer]
    assert menu.received()[-1].body


def test_numbers_said_in_words_meet_rules_written_in_digits(menu: Shop, settings: Any) -> None:
    settings.SPEECH_ENGINE = "tests.journeys.speech:HearsMeasures"
    assert menu.heard_after(lambda: speaks(menu, voice_note())) == ["Medidas"]
    assert menu.received()[-1].body == "ciento veinte por ochenta"


def test_a_tone_is_not_taken_for_words(menu: Shop, whisper: None) -> None:
    assert menu.heard_after(lambda: speaks(menu, voice_note(1.0))) == [NOT_UNDERSTOOD]


def test_what_the_engine_is_not_sure_of_is_for_people_to_read(menu: Shop, settings: Any) -> None:
    settings.SPEECH_ENGINE = "tests.journeys.speech:IsUnsure"
    assert menu.heard_after(lambda: speaks(menu, voice_note())) == [NOT_UNDERSTOOD]
    assert menu.received()[-1].body == "precio"


def test_a_hostile_note_reads_no_neighbour_and_asks_to_repeat(menu: Shop, tmp_path: Path) -> None:
    neighbour = tmp_path / "secret.ogg"
    neighbour.write_bytes(voice_note())
    hostile = playlist(neighbour)
    assert menu.heard_after(lambda: speaks(menu, hostile)) == [NOT_UNDERSTOOD]


def _pending_note(shop: Shop) -> Message:
    """A note as it is while an engine listens to it elsewhere."""
    speaks(shop, voice_note())
    with shop.inside():
        note = Message.objects.filter(kind="audio").latest("pk")
        heard = Transcription.objects.get(file=note.media_id)
        heard.status, heard.claimed_at = Transcription.Status.RUNNING, note.created_at
        heard.save()
        Message.objects.filter(pk=note.pk).update(status=Message.Status.RECEIVED, body="")
    return note


def test_a_text_after_a_note_waits_for_it_and_then_goes_second(menu: Shop) -> None:
    note = _pending_note(menu)
    assert menu.heard_after(lambda: menu.says("despues")) == []
    with menu.inside():
        Transcription.objects.filter(file=note.media_id).update(status="done")
    assert menu.heard_after(lambda: outside(run_later)) == ["P1", "Después"]


def test_a_note_that_takes_too_long_lets_the_text_go_first_and_says_so(
    menu: Shop, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    note = _pending_note(menu)
    with menu.inside():
        late = note.created_at - timedelta(seconds=settings.VOICE_WAIT_SECONDS + 1)
        Message.objects.filter(pk=note.pk).update(created_at=late)
    assert menu.heard_after(lambda: menu.says("despues")) == ["Después"]
    assert str(note.pk) in caplog.text
    with menu.inside():
        Transcription.objects.filter(file=note.media_id).update(status="done")
        tasks.sweep()
    assert menu.out[-1] == "P1"
    with menu.inside():
        assert not Message.objects.filter(status=Message.Status.RECEIVED).exists()


def test_an_agent_mends_what_was_heard_and_has_it_heard_again(menu: Shop) -> None:
    speaks(menu, voice_note())
    note, chat = menu.received()[-1], menu.chat(ANA)
    menu.agent("ana")
    browser = Client(headers={"X-Tenant-ID": menu.tenant.key})
    login = {"username": "ana", "password": "Clave-1234"}
    assert outside(browser.post, "/login", login).status_code == 302
    before = len(menu.out)
    edit = reverse("transcript_edit", args=[chat.pk, note.pk])
    assert outside(browser.post, edit, {"text": "precios"}).status_code == 200
    assert menu.received()[-1].body == "precios"
    assert outside(browser.post, edit, {"text": " "}).status_code == 422
    again = reverse("transcript_again", args=[chat.pk, note.pk])
    assert outside(browser.post, again).status_code == 200
    assert menu.received()[-1].body == speech.Hears.text
    assert len(menu.out) == before
