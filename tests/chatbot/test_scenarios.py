"""Scenarios: what must stay, told apart from what changed."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chatbot import drafts, publishing, scenarios
from chatbot.engine import EngineSettings
from chatbot.models import Rule, RuleEdit, Scenario
from tests.chatbot.phone import book
from tests.journeys.conftest import shop  # noqa: F401  (fixture)
from tests.journeys.shop import Shop

BUTTONS = [{"id": "si", "title": "Sí", "step": "fin"}, {"id": "no", "title": "No"}]


def held(turns: list[Any], *rules: Any, start: str = "") -> scenarios.ScenarioResult:
    scenario = Scenario(name="x", start_step=start, turns=turns)
    return scenarios.run(book(*rules, roles=["ventas"]), scenario, EngineSettings())


def test_a_conversation_that_stays_as_it_was_passes() -> None:
    turns = [
        {"say": "hola", "expect": ["Menú"], "step": "menu_principal"},
        {"say": "1", "expect": ["Uno"], "step": "uno"},
    ]
    assert held(turns, "menu_principal|*|Menú", "menu_principal|1|Uno|uno").passed


def test_the_first_answer_that_differs_is_told() -> None:
    turns = [{"say": "hola", "expect": ["Menú"]}, {"say": "1", "expect": ["Uno"], "step": "uno"}]
    result = held(turns, "menu_principal|*|Menú", "menu_principal|1|Otro|uno")
    assert (result.turn, result.expected, result.got) == (2, ("Uno",), ("Otro",))


def test_ending_in_another_step_differs_too() -> None:
    turns = [{"say": "hola", "expect": ["Menú"], "step": "otro"}]
    assert held(turns, "menu_principal|*|Menú").turn == 1


def test_a_tap_counts_for_the_message_that_offered_it() -> None:
    rules = Rule(step="a", trigger="ver", reply="¿Seguro?", kind="boton", options=BUTTONS)
    offer = drafts._rule_data(rules, ())
    turns = [
        {"say": "ver", "expect": ["¿Seguro?\n[Sí] [No]"]},
        {"say": "otra cosa", "expect": ["Lejos"], "step": "b"},
        {"say": {"tap": "si", "title": "Sí"}, "expect": ["Fin"], "step": "fin"},
    ]
    assert held(turns, offer, "a|otra cosa|Lejos|b", "b|x|X", "fin|*|Fin", start="a").passed


def test_giving_the_chat_away_is_part_of_the_answer() -> None:
    rule = Rule(step="a", trigger="asesor", reply="Voy", role_keyword="ventas", hands_over=True)
    turns = [{"say": "asesor", "expect": ["Voy", "[rol ventas]", "[pasa a un asesor]"]}]
    assert held(turns, drafts._rule_data(rule, ()), start="a").passed


@pytest.fixture
def saved(shop: Shop) -> Scenario:  # noqa: F811
    shop.rules("menu_principal|iniciar|Hola", "menu_principal|1|Uno")
    with shop.inside():
        return scenarios.make("Uno", ["hola", "1"], scenarios.rules_of("live"), by="ana")


def edit(reply: str) -> None:
    with drafts.editing(RuleEdit.Kind.SAVED, author="ana") as draft:
        rule = Rule.objects.get(trigger="1")
        draft.will_change([rule.pk])
        Rule.objects.filter(pk=rule.pk).update(reply=reply)


def test_draft_and_live_are_held_apart(shop: Shop, saved: Scenario) -> None:  # noqa: F811
    with shop.inside():
        edit("Otro")
        assert not scenarios.run_all(drafts.draft_rules())[0].passed
        assert scenarios.run_all(publishing.published_rules())[0].passed
        scenarios.accept(saved, drafts.draft_rules())
        assert scenarios.run_all(drafts.draft_rules())[0].passed


def test_the_command_prints_the_difference(
    shop: Shop,  # noqa: F811
    saved: Scenario,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with shop.inside():
        edit("Otro")
    call_command("run_scenarios", tenant="acme", live=True)
    with pytest.raises(CommandError, match="1 de 1"):
        call_command("run_scenarios", tenant="acme")
    assert "  - Uno\n  + Otro\n" in capsys.readouterr().out
