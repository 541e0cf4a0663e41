"""Why a rule answered: always what the engine does, and in words that a shop can check."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot import engine
from chatbot.engine import EngineSettings, Event, SessionState
from chatbot.explaining import Cause, Explanation, Verdict, explain, most_likely, rules_fired
from chatbot.global_commands import CommandResult
from chatbot.rulebook import Rulebook
from tests.chatbot.phone import NOON, book, rule
from tests.chatbot.test_engine_properties import BOOKS, SESSIONS, SETTINGS, events

MENU = ("menu|*|Menú", "menu|1|Uno|uno", "uno|*|Bienvenido a uno", "menu|ayuda ya|Voy")
AT_MENU = SessionState(step="menu", contact_spoke_at=NOON)
OPTIONS = EngineSettings(initial_step="menu", fallback_text="No entendí")


def said(text: str, **more: Any) -> Event:
    return Event(**{"kind": "text", "text": text, "now": NOON, **more})


def why(
    rules: Rulebook, event: Event, rule_id: int, session: SessionState | None = AT_MENU
) -> Explanation:
    found = explain(rules, session, event, OPTIONS, rule_id)
    assert found is not None
    return found


@settings(max_examples=200, deadline=None)
@given(st.data(), BOOKS, SESSIONS, SETTINGS)
def test_what_is_said_to_answer_is_what_the_engine_fires(
    data: st.DataObject, rules: Rulebook, session: SessionState | None, options: EngineSettings
) -> None:
    event = data.draw(events(0))
    turn = engine.Turn(rules, session, event, options)
    turn.run()
    fired = rules_fired(rules, session, event, options)
    assert [pk for pk in fired if pk in turn.chain.fired] == turn.chain.fired
    for rule_id in rules.rules:
        found = explain(rules, session, event, options, rule_id)
        assert (found is None) == (rule_id not in fired)
        if found is not None and found.tried:
            check_tried(rules, event, found)


def check_tried(rules: Rulebook, event: Event, found: Explanation) -> None:
    """One rule won, it is the one, and those that match too go after it."""
    assert [one.rule.id for one in found.tried if one.verdict is Verdict.WON] == [found.rule.id]
    here = rules.at(found.step)
    assert here is not None
    best = here.specific(found.said, event.media_trigger)
    if found.cause is Cause.ANYTHING:
        assert best is None
    else:
        assert best == found.rule
    later = [one.rule for one in found.tried if one.verdict is Verdict.LATER]
    assert all(rule.rank > found.rule.rank for rule in later)


def test_a_text_that_is_a_trigger() -> None:
    found = why(book(*MENU), said("¡1!"), 2)
    assert (found.cause, found.said, found.step) == (Cause.TEXT, "1", "menu")
    assert [(one.rule.id, one.verdict) for one in found.tried] == [
        (2, Verdict.WON),
        (1, Verdict.ONLY_ELSE),
        (4, Verdict.OTHER_TEXT),
    ]


def test_the_step_that_a_rule_leads_to() -> None:
    found = why(book(*MENU), said("1"), 3)
    assert found.cause is Cause.ENTERED
    assert found.came_from is not None
    assert found.came_from.id == 2


def test_nothing_else_matched() -> None:
    assert why(book(*MENU), said("qué"), 1).cause is Cause.ANYTHING


def test_words_inside_and_the_one_that_goes_later() -> None:
    rules = book(
        rule("menu|quiero|Dime", match="contiene"),
        rule("menu|quiero pan|Pan", priority=50),
        rule("menu|pollo|Pollo", match="contiene"),
        rule("menu|@imagen|Foto"),
    )
    verdicts = {one.rule.id: one.verdict for one in why(rules, said("Quiero pan"), 2).tried}
    assert verdicts == {
        1: Verdict.LATER,
        2: Verdict.WON,
        3: Verdict.NOT_INSIDE,
        4: Verdict.ONLY_FILES,
    }


def test_a_welcome_a_restart_a_file_and_a_tap() -> None:
    rules = book(*MENU, rule("menu|@imagen|Linda foto"), rule("menu|opt_x|Equis"))
    assert why(rules, said("hola"), 1, None).cause is Cause.WELCOME
    restarted = said("menu", command=CommandResult(("Listo",), restarts=True))
    assert why(rules, restarted, 1).cause is Cause.RESTART
    photo = said("", kind="media", media_trigger="@imagen")
    assert why(rules, photo, 5).cause is Cause.MEDIA
    tap = why(rules, said("Equis", kind="tap", option_id="opt_x"), 6)
    assert (tap.cause, tap.by_tap, tap.tried) == (Cause.TAP, True, ())


def test_a_rule_that_does_not_speak_is_not_explained() -> None:
    assert explain(book(*MENU), AT_MENU, said("1"), OPTIONS, 4) is None


def test_the_place_from_which_the_same_rules_speak_is_the_likely_one() -> None:
    """From `menu` the text gives 1 alone; a welcome gives 1 and then 2."""
    rules, event = book(*MENU), said("1")
    found = most_likely(rules, [AT_MENU, None], [event], OPTIONS, (1, 2, 3), 2)
    assert found is not None
    assert found.cause is Cause.TEXT
    places = [replace(AT_MENU, step="uno"), None]
    assert most_likely(rules, places, [event], OPTIONS, (1, 2, 3), 1) == why(rules, event, 1, None)
