"""Talking with a rulebook: what the simulator, the replay and the scenarios all ask."""

from collections.abc import Iterator

import pytest

from chatbot import trial
from chatbot.engine import EngineSettings, Flag, GiveToRole, HandOver, SessionState
from chatbot.global_commands import GLOBAL_COMMANDS
from chatbot.handlers import HANDLERS
from chatbot.rulebook import Rulebook
from chatbot.trial import Answer, RunsFunction, Said
from tests.chatbot.phone import NOON, Phone, book, rule

SETTINGS = EngineSettings()
BUTTONS = [{"id": "si", "title": "Sí", "step": "ok"}, {"id": "no", "title": "No"}]
SHOP = (
    "menu_principal|iniciar|Menu",
    "menu_principal|1||uno",
    "uno|*|En uno",
    rule("uno|foto|¿Seguro?||boton", options=BUTTONS),
    "ok|*|Listo",
    rule("uno|asesor|Ya te atienden", role_keyword="ventas", hands_over=True),
)


def say(rules: Rulebook, state: SessionState | None, said: Said) -> Answer:
    return trial.answer(rules, state, said, SETTINGS, NOON)


@pytest.fixture
def functions() -> Iterator[list[str]]:
    """Functions of the company that note when they run."""
    ran: list[str] = []

    def saldo(number: str) -> str:
        ran.append("saldo")
        return "Debes 0"

    HANDLERS["saldo"] = GLOBAL_COMMANDS["saldo"] = saldo
    yield ran
    del HANDLERS["saldo"], GLOBAL_COMMANDS["saldo"]


def test_a_new_contact_is_greeted_and_the_silent_rule_is_told() -> None:
    found = say(book(*SHOP), trial.start(SETTINGS), Said("1"))
    assert found.texts == ["Menu", "En uno"]
    assert found.rule_ids == (1, 2, 3)
    assert found.state.step == "uno"


def test_a_trial_starts_at_any_step_as_people_write_it() -> None:
    assert say(book(*SHOP), trial.start(SETTINGS, " UNO "), Said("x")).texts == ["En uno"]


def test_a_tapped_option_is_that_of_its_own_message() -> None:
    rules = book(*SHOP)
    asked = say(rules, trial.start(SETTINGS, "uno"), Said("foto"))
    tap = Said(option_id="si", title="Sí", source_rule_id=asked.sends[0].rule_id)
    elsewhere = trial.start(SETTINGS, "menu_principal")
    assert say(rules, elsewhere, tap).texts == ["Listo"]


@pytest.mark.parametrize(
    ("said", "texts"),
    [
        (Said(media_trigger="@imagen"), ["Foto"]),
        (Said("precio", media_trigger="@imagen"), ["P1"]),
        (Said("precio", media_trigger="@audio"), ["P1"]),
        (Said(media_trigger="@audio"), ["Voz"]),
        (Said("👍"), ["Nada"]),
    ],
)
def test_files_and_voice_notes_meet_the_rules(said: Said, texts: list[str]) -> None:
    rules = book("m|precio|P1", "m|@imagen|Foto", "m|@audio|Voz", "m|*|Nada")
    assert say(rules, trial.start(SETTINGS, "m"), said).texts == texts


def test_a_form_moves_on_when_it_comes_back() -> None:
    form = rule("m|*|Llena|fin|flow", options={"flow_id": "1", "flow_cta": "Abrir"})
    rules = book(form, "fin|*|Gracias")
    asked = say(rules, trial.start(SETTINGS, "m"), Said("x"))
    assert asked.state.step == "m"
    back = say(rules, asked.state, Said(form=True, source_rule_id=asked.sends[0].rule_id))
    assert back.texts == ["Gracias"]


def test_roles_agents_and_flags_are_told() -> None:
    rules = book(*SHOP, roles=["ventas"])
    given = say(rules, trial.start(SETTINGS, "uno"), Said("asesor"))
    assert [action for action in given.actions if isinstance(action, GiveToRole | HandOver)] == [
        GiveToRole("ventas"),
        HandOver(),
    ]
    lost = say(book("m|1|Uno"), trial.start(SETTINGS, "m"), Said("2"))
    assert (lost.flags, lost.sends, lost.rule_ids) == (("sin_regla",), (), ())
    assert Flag("sin_regla") in lost.actions


def test_functions_of_the_company_are_told_and_not_run(functions: list[str]) -> None:
    rules = book("m|*|", rule("m|debo|Eso es", handler="saldo"))
    found = say(rules, trial.start(SETTINGS, "m"), Said("debo"))
    assert found.actions[-2] == RunsFunction("saldo", 2, "m")
    assert found.texts == ["Eso es"]
    command = say(rules, trial.start(SETTINGS, "m"), Said("dime mi saldo"))
    assert command.actions[0] == RunsFunction("saldo", None, "m")
    assert functions == []


def test_the_commands_of_whapco_start_again() -> None:
    found = say(book(*SHOP), trial.start(SETTINGS, "uno"), Said("menú"))
    assert found.texts == ["Perfecto, volvamos a empezar.", "Menu"]


def test_a_quote_that_cannot_be_made_names_its_rule() -> None:
    found = say(
        book(rule("m|*|{total}", formula="medida*2")), trial.start(SETTINGS, "m"), Said("x")
    )
    assert found.texts == ["Por favor ingresa la medida correcta."]
    assert found.rule_ids == (1,)


def test_it_answers_as_the_bot_does() -> None:
    rules = book(*SHOP)
    phone, state = Phone(rules), trial.start(SETTINGS)
    for text in ("hola", "1", "foto", "xyz", "ayuda", "9"):
        found = say(rules, state, Said(text))
        state = found.state
        assert (found.texts, state.step) == (phone.say(text), phone.step)
