"""Silence, closing, and what a message finds afterwards."""

from datetime import timedelta

import pytest

from chatbot import engine
from chatbot.engine import EngineSettings, Event, SessionState, Unflag
from tests.chatbot.phone import NOON, TIMEOUT_TEXT, Phone, book

RULES = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno|paso_uno", "paso_uno|*|En uno")


def test_after_too_long_a_silence_the_contact_is_told_and_starts_again() -> None:
    phone = Phone(book(*RULES), at="paso_uno")
    phone.wait(hours=2)
    assert phone.say("1") == [TIMEOUT_TEXT, "Menu", "Uno", "En uno"]
    assert phone.say("zzz") == ["En uno"]


def test_the_limit_itself_is_not_too_long() -> None:
    phone = Phone(book(*RULES), at="paso_uno")
    phone.wait(seconds=1800)
    assert phone.say("x") == ["En uno"]
    phone.wait(seconds=1801)
    assert phone.say("x") == [TIMEOUT_TEXT, "Menu"]


def test_silence_counts_from_the_contacts_last_word() -> None:
    phone = Phone(book(*RULES), at="paso_uno")
    for _ in range(5):
        phone.wait(minutes=25)
        assert phone.say("x") == ["En uno"]


def test_zero_means_never() -> None:
    phone = Phone(book(*RULES), at="paso_uno", timeout=0)
    phone.wait(days=400)
    assert phone.say("x") == ["En uno"]


def test_a_session_silent_for_more_than_a_day_closes_without_words() -> None:
    phone = Phone(book(*RULES), at="paso_uno")
    phone.wait(hours=24, seconds=1)
    assert phone.say("hola") == ["Menu"]


def test_an_empty_timeout_text_is_not_sent() -> None:
    session = SessionState(step="paso_uno", contact_spoke_at=NOON)
    event = Event(kind="text", text="x", now=NOON + timedelta(hours=1))
    settings = EngineSettings(session_timeout_seconds=60)
    decision = engine.decide(book(*RULES), session, event, settings)
    assert [action.body for action in decision.actions] == ["Menu"]  # type: ignore[union-attr]


def test_a_closed_session_starts_again_without_another_goodbye() -> None:
    phone = Phone(book(*RULES), at="paso_uno")
    phone.close()
    phone.wait(hours=2)
    assert phone.say("1") == ["Menu", "Uno", "En uno"]
    assert phone.session is not None
    assert phone.session.is_open


def test_a_command_after_closing_gets_the_welcome_alone() -> None:
    phone = Phone(book(*RULES), at="paso_uno")
    phone.wait(hours=2)
    assert phone.say("menú") == [TIMEOUT_TEXT, "Menu"]


def test_the_session_remembers_when_the_contact_spoke() -> None:
    phone = Phone(book(*RULES))
    phone.wait(minutes=5)
    phone.say("hola")
    assert phone.session is not None
    assert phone.session.contact_spoke_at == NOON + timedelta(minutes=5)
    phone.now = NOON
    phone.say("zzz")
    assert phone.session.contact_spoke_at == NOON + timedelta(minutes=5)


def test_the_fallback_of_an_earlier_session_does_not_count() -> None:
    phone = Phone(book(*RULES), at="menu_principal", fallback="?")
    assert phone.say("zzz") == ["?"]
    phone.wait(hours=2)
    assert phone.say("zzz") == [TIMEOUT_TEXT, "Menu"]
    assert phone.say("zzz") == ["?"]


def test_a_session_without_step_stands_at_the_initial_one() -> None:
    assert Phone(book(*RULES), at="").say("1") == ["Uno", "En uno"]


@pytest.mark.parametrize("text", ["hola", "menu"])
def test_a_welcome_alone_does_not_clear_the_flag(text: str) -> None:
    phone = Phone(book(*RULES))
    phone.say(text)
    assert Unflag() not in phone.actions


def test_a_long_text_of_ours_goes_in_parts() -> None:
    parts = engine.system_text("a" * 5000, "fin")
    assert [len(part.body) for part in parts] == [4096, 904]
    assert {(part.rule_id, part.step, part.kind) for part in parts} == {(None, "fin", "text")}
    assert engine.system_text(" ") == ()
