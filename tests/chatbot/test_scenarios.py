"""Scenarios: what must stay, told apart from what changed."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from chatbot import drafts, publishing, scenarios
from chatbot.engine import EngineSettings
from chatbot.models import Rule, RuleEdit, Scenario
from tenants.models import User
from tests.chatbot.phone import book, rule
from tests.journeys.conftest import shop  # noqa: F401  (fixture)
from tests.journeys.shop import Shop

PAGE, REPLAY = "/admin/chatbot/rule/escenarios/", "/admin/chatbot/rule/repaso/"
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
    offer = rule("a|ver|¿Seguro?||boton", options=BUTTONS)
    turns = [
        {"say": "ver", "expect": ["¿Seguro?\n[Sí] [No]"]},
        {"say": "otra cosa", "expect": ["Lejos"], "step": "b"},
        {"say": {"tap": "si", "title": "Sí"}, "expect": ["Fin"], "step": "fin"},
    ]
    assert held(turns, offer, "a|otra cosa|Lejos|b", "b|x|X", "fin|*|Fin", start="a").passed


def test_a_tap_on_an_older_menu_leads_where_it_led() -> None:
    """The scenario starts after that menu was sent, and another one offers the same id since."""
    old = rule("a|ver|¿Seguro?||boton", options=BUTTONS)
    new = rule("b|*|¿Otra?||boton", options=[{"id": "si", "title": "Sí", "step": "otra"}])
    tap = {"tap": "si", "title": "Sí"}
    steps = ("fin|*|Fin", "otra|*|Otra")
    turns = [
        {"say": "x", "expect": ["¿Otra?\n[Sí]"]},
        {"say": {**tap, "rule": 1}, "expect": ["Fin"]},
    ]
    assert held(turns, old, new, *steps, start="b").passed
    turns[1] = {"say": {**tap, "rule": 99}, "expect": ["Otra"]}  # a rule that is no more
    assert held(turns, old, new, *steps, start="b").passed


def test_giving_the_chat_away_is_part_of_the_answer() -> None:
    gives = rule("a|asesor|Voy", role_keyword="ventas", hands_over=True)
    turns = [{"say": "asesor", "expect": ["Voy", "[rol ventas]", "[pasa a un asesor]"]}]
    assert held(turns, gives, start="a").passed


@pytest.fixture
def saved(shop: Shop) -> Scenario:  # noqa: F811
    shop.rules("menu_principal|iniciar|Hola", "menu_principal|1|Uno")
    with shop.inside():
        return scenarios.make("Uno", ["hola", "1"], scenarios.rules_of("live"), by="ana")


def edit(reply: str) -> None:
    with drafts.editing(RuleEdit.Kind.SAVED, author="ana") as draft:
        pk = Rule.objects.get(trigger="1").pk
        draft.will_change([pk])
        Rule.objects.filter(pk=pk).update(reply=reply)


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


@pytest.fixture
def jefa(shop: Shop) -> Client:  # noqa: F811
    """The admin of the company, logged in."""
    shop.agent("jefa", "admin")
    with shop.inside():
        User.objects.filter(username="jefa").update(is_staff=True, is_superuser=True)
    client = Client()
    client.post("/login?tenant=acme", {"username": "jefa", "password": "Clave-1234"})
    return client


def test_a_scenario_is_run_accepted_renamed_and_deleted(
    shop: Shop,  # noqa: F811
    saved: Scenario,
    jefa: Client,
) -> None:
    assert "Falla" not in jefa.get(PAGE).content.decode()
    with shop.inside():
        edit("Otro")
    row = jefa.get(PAGE, {"correr": "1"}).context["rows"][0]
    assert (row.draft.turn, row.live.turn) == (2, None)
    detail = f"{PAGE}{saved.pk}/"
    assert "Aceptar" in jefa.get(detail).content.decode()
    assert "Aceptar" not in jefa.get(detail, {"con": "live"}).content.decode()
    seen = jefa.get(detail).context["result"].mark
    jefa.post(detail, {"action": "accept", "con": "draft", "seen": "otra cosa"})
    assert jefa.get(PAGE, {"correr": "1"}).context["failed"] == 1
    jefa.post(detail, {"action": "accept", "con": "draft", "seen": seen})
    assert jefa.get(PAGE, {"correr": "1"}).context["failed"] == 0
    jefa.post(detail, {"action": "rename", "name": "Pide el uno"})
    assert "Pide el uno" in jefa.get(PAGE).content.decode()
    jefa.post(detail, {"action": "delete"})
    assert "Todavía no hay escenarios" in jefa.get(PAGE).content.decode()


def test_a_replay_shows_the_difference_and_keeps_it_as_a_scenario(
    shop: Shop,  # noqa: F811
    jefa: Client,
) -> None:
    shop.rules("menu_principal|iniciar|Hola", "menu_principal|1|Uno")
    shop.says("hola")
    shop.says("1")
    assert jefa.get(REPLAY, {"n": "50"}).context["rows"] == []
    with shop.inside():
        edit("Otro")
    page = jefa.get(REPLAY, {"n": "50"})
    (row,) = page.context["rows"]
    assert "Uno" in page.content.decode()
    assert "Otro" in page.content.decode()
    form = {"message": row["change"].pk, "name": row["name"], "expect": "live"}
    jefa.post(f"{REPLAY}?n=50", form)
    with shop.inside():
        scenario = Scenario.objects.get()
        assert [turn["expect"] for turn in scenario.turns] == [["Hola"], ["Uno"]]
    assert jefa.get(REPLAY, {"n": "999999"}).context["past"] is None
