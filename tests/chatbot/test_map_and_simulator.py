"""The pages of the map and the simulator, through the admin's door."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from chatbot.demo import FIXTURES
from chatbot.importing import import_rules
from chatbot.models import BotSession, Rule, RulebookRelease, Scenario
from chatbot.publishing import publish
from chatbot.rule_map import STEPS_LIMIT
from chatbot.scenarios import TURNS_LIMIT, rules_of, run_all
from conversations.models import Contact, Conversation, Message
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tests.journeys.test_query_budget import captured

MAP = "/admin/chatbot/rule/mapa/"
SIMULATOR = "/admin/chatbot/rule/simulador/"
MAP_QUERIES = 12  # session, user, rules, files, roles, buttons, chats; and the registry's
BUTTONS = [
    {"id": "a", "title": "Ir a A", "step": "a"},
    {"id": "n", "title": "Nada", "step": "nada"},
]


def login(tenant: Tenant, role: str = Role.ADMIN) -> Client:
    with tenant_context(tenant):
        made, _new = Role.objects.get_or_create(keyword=role, defaults={"name": role})
        is_admin = role == Role.ADMIN
        user = User.objects.create_user(
            role, password="Clave-1234", is_staff=is_admin, is_superuser=is_admin
        )
        user.roles.set([made])
    client = Client()
    client.post(f"/login?tenant={tenant.key}", {"username": role, "password": "Clave-1234"})
    return client


@pytest.fixture
def browser(companies: SimpleNamespace) -> Client:
    return login(companies.acme)


@pytest.fixture
def rules(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        write("menu_principal", "iniciar", "Hola <b>", "menu")
        write("menu", "*", "Elige", kind="boton", options=BUTTONS)
        write("a", "*", "Estás en A")
        write("a", "100", "Cien")
        write("perdido", "*", "Nadie llega", "a")


def write(step: str, trigger: str, reply: str, next_step: str = "", **more: Any) -> None:
    Rule.objects.create(step=step, trigger=trigger, reply=reply, next_step=next_step, **more)


def talk(client: Client, says: list[Any] | None = None, **fields: Any) -> Any:
    return client.post(
        SIMULATOR, {"says": json.dumps(says or []), **fields}, headers={"HX-Request": "true"}
    )


def bodies(response: Any) -> list[str]:
    turns = [response.context["phone"].entered, *response.context["phone"].turns]
    items = [item for turn in turns if turn for item in turn.items]
    return [item.send.body if hasattr(item, "send") else item.words for item in items]


def cost(do: Callable[[], object]) -> int:
    """Statements in the company's database."""
    with captured("t_acme") as found:
        do()
        return len(found)


# The map ------------------------------------------------------------------------------------------
def test_the_map_shows_steps_chats_and_what_is_wrong(
    browser: Client, rules: None, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.acme):
        contact = Contact.objects.create(wa_id="573001112233")
        chat = Conversation.objects.create(contact=contact)
        BotSession.objects.create(
            conversation=chat, step="menu", contact_spoke_at="2026-03-02T12:00:00Z"
        )
    response = browser.get(MAP)
    drawn = {step.name: step for step in response.context["drawn"]}
    assert set(drawn) == {"menu_principal", "menu", "a", "nada", "perdido"}
    assert (drawn["menu"].chats, drawn["menu"].worst) == (1, "error")
    assert drawn["nada"].step.is_missing
    assert not drawn["perdido"].step.is_reached
    html = response.content.decode()
    assert 'href="/admin/chatbot/rule/?step__exact=menu"' in html
    assert 'href="/admin/chatbot/rule/add/?step=nada"' in html
    assert " style=" not in html.split("<svg")[1].split("</svg>")[0]


def test_the_map_shows_what_answers_or_what_is_edited(
    browser: Client, rules: None, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.acme):
        publish(author="ana")
        write("nuevo", "*", "Sin publicar")
    assert "nuevo" in browser.get(MAP).context["sight"].graph.steps
    live = browser.get(f"{MAP}?source=live")
    assert "menu" in live.context["sight"].graph.steps
    assert "nuevo" not in live.context["sight"].graph.steps


def test_a_large_flow_is_shown_around_a_step(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        Rule.objects.bulk_create(
            Rule(step=f"p{n}", trigger="1", reply="x", next_step=f"p{n + 1}") for n in range(2000)
        )
        write("menu_principal", "iniciar", "Hola", "p0")
    first = browser.get(MAP)
    assert [step.name for step in first.context["drawn"]] == ["menu_principal", "p0", "p1"]
    near = browser.get(f"{MAP}?around=P1000&depth=3")
    names = [f"p{n}" for n in range(997, 1004)]
    assert sorted(step.name for step in near.context["drawn"]) == sorted(names)
    assert "demasiado grande" in near.content.decode()
    assert browser.get(f"{MAP}?around=nadie&depth=x").context["sight"].unknown == "nadie"
    assert len(near.context["drawn"]) <= STEPS_LIMIT


def test_the_map_asks_as_much_of_the_database_however_many_rules(
    browser: Client, rules: None, companies: SimpleNamespace
) -> None:
    browser.get(MAP)
    few = cost(lambda: browser.get(MAP))
    with tenant_context(companies.acme):
        Rule.objects.bulk_create(
            Rule(step=f"p{n}", trigger="*", reply="x", next_step="menu") for n in range(300)
        )
    assert few == cost(lambda: browser.get(MAP))
    assert 0 < few <= MAP_QUERIES


@pytest.mark.parametrize("page", [MAP, SIMULATOR])
def test_agents_and_other_companies_see_nothing(
    page: str, rules: None, companies: SimpleNamespace
) -> None:
    assert login(companies.acme, Role.AGENT).get(page).status_code in (302, 403)
    assert "perdido" not in login(companies.beta).get(page).content.decode()


def test_without_rules_both_pages_say_what_to_do(browser: Client) -> None:
    assert "Agrega la primera" in browser.get(MAP).content.decode()
    assert "publica el borrador" in browser.get(f"{MAP}?source=live").content.decode()
    lost = talk(browser, source="live", text="hola", do="say")
    assert lost.context["phone"].last.items[0].no_rule


# The simulator ------------------------------------------------------------------------------------
def test_the_phone_talks_with_the_draft_by_words_and_taps(browser: Client, rules: None) -> None:
    first = talk(browser, text="hola", do="say")
    assert bodies(first) == ["Hola <b>", "Elige"]
    assert "Hola &lt;b&gt;" in first.content.decode()
    assert not first.content.decode().lstrip().startswith("<!DOCTYPE")
    tap = first.context["phone"].turns[0].items[1].taps[0].value
    second = talk(browser, json.loads(first.context["says"]), tap=tap)
    assert bodies(second)[2:] == ["Estás en A"]
    assert second.context["phone"].step == "a"
    assert [rule.step for rule in second.context["phone"].last.rules] == ["a"]
    third = talk(browser, json.loads(second.context["says"]), media="@imagen", text="100")
    assert bodies(third)[3:] == ["Cien"]


def test_nothing_is_stored_by_a_trial(
    browser: Client, rules: None, companies: SimpleNamespace
) -> None:
    talk(browser, ["hola"], text="xyz", do="say")
    with tenant_context(companies.acme):
        assert not Message.objects.exists()
        assert not BotSession.objects.exists()
        assert not Scenario.objects.exists()


def test_the_same_words_are_tried_on_what_answers(
    browser: Client, rules: None, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.acme):
        publish(author="ana")
        Rule.objects.filter(reply="Estás en A").update(reply="A nueva")
    says = ["hola", {"tap": "a", "title": "Ir a A"}]
    assert bodies(talk(browser, says))[-1] == "A nueva"
    assert bodies(talk(browser, says, do="live"))[-1] == "Estás en A"
    assert bodies(talk(browser, says, source="live", do="draft"))[-1] == "A nueva"


def test_a_trial_starts_at_a_step_goes_back_and_starts_again(browser: Client, rules: None) -> None:
    assert bodies(browser.get(f"{SIMULATOR}?step=PERDIDO")) == ["Nadie llega", "Estás en A"]
    undone = talk(browser, ["100", "zzz"], start="perdido", do="undo")
    assert bodies(undone)[-1] == "Cien"
    assert talk(browser, ["100"], start="perdido", do="reset").context["says"] == "[]"
    assert "No hay ningún paso" in browser.get(f"{SIMULATOR}?step=otro").content.decode()


def test_what_no_rule_understands_offers_a_rule(
    browser: Client, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.acme):
        write("solo", "si", "Sí")
    lost = talk(browser, start="solo", text="¿hay & café?", do="say")
    assert 'add/?step=solo&amp;trigger=%C2%BFhay%20%26%20caf%C3%A9%3F"' in lost.content.decode()


def test_a_conversation_becomes_a_scenario_that_passes(
    browser: Client, rules: None, companies: SimpleNamespace
) -> None:
    says = ["hola", {"tap": "a", "title": "Ir a A", "rule": 2}, "100"]
    assert "Ponle un nombre" in talk(browser, says, do="save").content.decode()
    saved = talk(browser, says, start="perdido", do="save", name=" Pide cien ")
    assert "Pide cien" in saved.context["talk"].note
    with tenant_context(companies.acme):
        scenario = Scenario.objects.get()
        assert (scenario.name, scenario.start_step, scenario.made_by) == ("Pide cien", "a", "admin")
        assert scenario.turns[1]["say"] == says[1]
        assert scenario.turns[-1] == {"say": "100", "expect": ["Cien"], "step": "a"}
        assert [result.passed for result in run_all(rules_of("draft"))] == [True]


@pytest.mark.parametrize(
    "fields",
    [
        {"says": "{"},
        {"says": '[["x"]]'},
        {"says": json.dumps(["x" * 5000])},
        {"says": json.dumps(["x"] * (TURNS_LIMIT + 1))},
        {"says": '[{"media": "@virus"}]'},
        {"tap": "5"},
        {"tap": '{"tap": 3}'},
        {"media": "nada"},
        {"says": "[" * 100_000},
    ],
)
def test_what_no_page_sends_is_refused(
    browser: Client, rules: None, fields: dict[str, str]
) -> None:
    assert talk(browser, **fields).status_code == 400


def test_a_trial_has_an_end(browser: Client, rules: None) -> None:
    full = talk(browser, ["x"] * TURNS_LIMIT, text="una más", do="say")
    assert "guárdala como escenario" in full.content.decode()


def test_the_demo_quotes_by_taps(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        Role.objects.create(keyword="ventas", name="Ventas")
        Role.objects.create(keyword="soporte", name="Soporte")
        import_rules(FIXTURES / "reglas.xlsx")
        assert RulebookRelease.objects.exists()
    first = talk(browser, source="live", text="hola", do="say")
    rows = first.context["phone"].last.items[1].sections[0].taps
    second = talk(browser, json.loads(first.context["says"]), source="live", tap=rows[0].value)
    third = talk(browser, json.loads(second.context["says"]), source="live", text="100", do="say")
    assert "Valor estimado: 170,000 $ Pesos." in bodies(third)
    drawn = browser.get(f"{MAP}?source=live").context
    assert {step.name: step.worst for step in drawn["drawn"] if step.errors} == {}
    assert {"cotizar_barra", "cotizar_marco", "cotizado"} <= set(drawn["sight"].graph.steps)
