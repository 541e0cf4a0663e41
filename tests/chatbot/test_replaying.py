"""What a draft would change for conversations that took place."""

from datetime import timedelta
from typing import Any

from django.db import connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot import drafts, past_chats, scenarios
from chatbot.engine import EngineSettings, Event
from chatbot.models import Rule, RuleEdit
from chatbot.replaying import Compared, Who, Word, compare
from chatbot.rulebook import Rulebook
from tests.chatbot.phone import NOON, book, rule
from tests.chatbot.test_engine_properties import BOOKS, SETTINGS, TEXTS
from tests.journeys.conftest import shop  # noqa: F401  (fixture)
from tests.journeys.shop import ANA, BETO, Shop

# ruff: noqa: F811

MENU = ("menu|*|Menú", "menu|1|Uno|uno", "uno|a|A")
OPTIONS = EngineSettings(initial_step="menu", session_timeout_seconds=1800)


def talk(*said: Any, every: int = 10) -> list[Word]:
    """Texts of the contact, or who else speaks then (for the bot with its rule)."""
    words = []
    for pk, one in enumerate(said):
        at = NOON + timedelta(seconds=every * pk)
        if isinstance(one, str):
            event = Event(kind="text", text=one, now=at)
            words.append(Word(pk, Who.CONTACT, at, event, one))
        else:
            who, rule_id = one if isinstance(one, tuple) else (one, None)
            words.append(Word(pk, who, at, rule_id=rule_id))
    return words


def replay(words: list[Word], draft: Rulebook, **more: Any) -> Compared:
    return compare(book(*MENU), draft, words, OPTIONS, **more)


def test_only_the_answer_that_differs_is_told() -> None:
    draft = book("menu|*|Menú", "menu|1|Otro|uno", "uno|a|A")
    found = replay(talk("hola", "1", "a"), draft)
    assert (found.same, [change.say for change in found.changes]) == (2, ["1"])
    change = found.changes[0]
    assert (change.live.texts, change.draft.texts) == (["Uno"], ["Otro"])
    assert (change.step, change.start_step, change.says) == ("menu", "", ("hola", "1"))


def test_after_a_difference_both_go_on_from_the_same_place() -> None:
    draft = book("menu|*|Menú", "menu|1|Otro|dos", "uno|a|A", "dos|b|B")
    assert [change.say for change in replay(talk("hola", "1", "a"), draft).changes] == ["1"]


def test_a_step_with_another_name_changes_nothing_for_anybody() -> None:
    draft = book("menu|*|Menú", "menu|1|Uno|primero", "primero|a|A")
    assert replay(talk("hola", "1", "a"), draft).changes == []


def test_what_an_agent_answered_is_left_out() -> None:
    draft = book("menu|*|Menú", "menu|1|Otro|uno")
    assert replay(talk("hola", Who.AGENT, "1", "1"), draft).skipped == 2
    back = replay(talk("hola", Who.AGENT, "1", (Who.BOT, 1), "1"), draft)
    assert (back.skipped, len(back.changes)) == (1, 1)
    silent = replay(talk("hola", Who.AGENT, "1", every=100), draft, agent_seconds=60)
    assert (silent.skipped, len(silent.changes)) == (0, 1)


def test_a_rule_that_hands_over_leaves_the_rest_to_the_agent() -> None:
    live = book("menu|*|Menú", rule("menu|asesor|Voy", hands_over=True))
    words = talk("hola", "asesor", (Who.BOT, 2), "gracias")
    found = compare(live, book("menu|*|Menú", "menu|asesor|Voy"), words, OPTIONS)
    assert (found.skipped, [change.say for change in found.changes]) == (1, ["asesor"])


def test_silence_ends_a_session_as_the_periodic_job_would() -> None:
    found = replay(talk("hola", "1", every=2000), book("menu|*|Hola", "menu|1|Uno|uno"))
    assert [change.says for change in found.changes] == [("hola",), ("1",)]


@settings(max_examples=60, deadline=None)
@given(BOOKS, SETTINGS, st.lists(TEXTS, max_size=8))
def test_the_same_rules_change_nothing(
    rules: Rulebook, options: EngineSettings, texts: list[str]
) -> None:
    found = compare(rules, rules, talk(*texts), options)
    assert found.changes == []
    assert found.same + found.skipped == len(texts)


def edit(reply: str) -> None:
    with drafts.editing(RuleEdit.Kind.SAVED, author="ana") as draft:
        pk = Rule.objects.get(trigger="1").pk
        draft.will_change([pk])
        Rule.objects.filter(pk=pk).update(reply=reply)


def test_real_conversations_are_replayed_and_nobody_hears_of_it(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Hola", "menu_principal|1|Uno")
    for by in (ANA, BETO):
        shop.says("hola", by=by)
        shop.says("1", by=by)
    sent = len(shop.out)
    with shop.inside():
        edit("Otro")
        past = past_chats.replay_last(50)
        assert (past.chats, past.same, len(past.changes)) == (2, 2, 2)
        change = past_chats.find_change(past.changes[0][1].pk)
        assert change is not None
        scenario = scenarios.make("x", change.says, scenarios.rules_of("live"))
        assert scenario.turns[1]["expect"] == ["Uno"]
    assert len(shop.out) == sent


def test_more_conversations_cost_no_more_queries(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Hola", "menu_principal|1|Uno")

    def cost() -> int:
        with shop.inside(), CaptureQueriesContext(connections[shop.tenant.alias]) as queries:
            past_chats.replay_last(50)
        return len(queries)

    shop.says("hola", by=ANA)
    shop.taps("x", "1", by=ANA, context=shop.last_sent().wamid or "")
    before = cost()
    for number in range(8):
        shop.says("hola", by=f"57300111000{number}")
        shop.taps("x", "1", by=f"57300111000{number}", context=shop.last_sent().wamid or "")
    assert cost() <= before
