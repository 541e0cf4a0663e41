"""Publishing, versions and history as an admin meets them."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from chatbot import drafts, publishing
from chatbot.importing import import_rules
from chatbot.models import BotSession, Rule, RulebookRelease, RuleEdit, RuleMedia, Scenario
from chatbot.rule_data import RuleData
from chatbot.rule_words import Cell, Part, in_words, options_words
from chatbot.snapshots import Difference
from conversations.models import Contact, Conversation
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tests.lib.sheets import sheet

RULES = "/admin/chatbot/rule/"
PUBLISH = f"{RULES}publicar/"


@pytest.fixture
def inside(companies: SimpleNamespace) -> Iterator[Tenant]:
    with tenant_context(companies.acme):
        yield companies.acme


@pytest.fixture
def jefa(inside: Tenant) -> Client:
    return login(inside, "jefa", Role.ADMIN)


def login(tenant: Tenant, name: str, *keywords: str) -> Client:
    with tenant_context(tenant):
        is_admin = Role.ADMIN in keywords
        user = User.objects.create_user(
            name, password="Clave-1234", is_staff=is_admin, is_superuser=is_admin
        )
        user.roles.set(Role.objects.filter(keyword__in=keywords))
    client = Client()
    client.post(f"/login?tenant={tenant.key}", {"username": name, "password": "Clave-1234"})
    return client


def write(step: str, trigger: str, reply: str, **fields: Any) -> int:
    with drafts.editing(RuleEdit.Kind.SAVED, author="ana"):
        return Rule.objects.create(step=step, trigger=trigger, reply=reply, **fields).pk


def change(pk: int, **fields: Any) -> RuleEdit:
    with drafts.editing(RuleEdit.Kind.SAVED, author="ana") as edit:
        edit.will_change([pk])
        Rule.objects.filter(pk=pk).update(**fields)
    return RuleEdit.objects.latest("pk")


def drop(*ids: int) -> RuleEdit:
    with drafts.editing(RuleEdit.Kind.DELETED, author="ana") as edit:
        edit.will_change(ids)
        Rule.objects.filter(pk__in=ids).delete()
    return RuleEdit.objects.latest("pk")


def stand(step: str, number: int = 1) -> Conversation:
    contact = Contact.objects.create(wa_id=f"5730000000{number}")
    chat = Conversation.objects.create(contact=contact, phone_number_id="111")
    BotSession.objects.create(conversation=chat, step=step, contact_spoke_at=timezone.now())
    return chat


def post(client: Client, page: str = PUBLISH, **data: Any) -> Any:
    return client.post(page, {"seen": publishing.draft_number(), **data}, follow=True)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_what_changes_is_told_in_words_and_published(jefa: Client) -> None:
    pk = write("menu_principal", "*", "Hola")
    gone = write("menu_principal", "3", "Adiós")
    publishing.publish()
    buttons = [{"id": "si", "title": "Sí", "step": "menu_principal"}]
    change(pk, reply="Buenas", kind="boton", options=buttons)
    write("menu_principal", "2", "Nuevo")
    drop(gone)
    page = text_of(jefa.get(PUBLISH))
    for words in ("<del>Hola</del>", "<ins>Buenas</ins>", "[Sí] → menu_principal (si)", "Adiós"):
        assert words in page
    assert "1 regla nueva · 1 cambiada · 1 borrada" in page
    assert "Opciones" in page
    done = text_of(post(jefa, note="navidad"))
    assert "La versión 2 ya contesta" in done
    assert "No hay cambios sin publicar" in done
    release = RulebookRelease.objects.latest("number")
    assert (release.published_by, release.note) == ("jefa", "navidad")
    assert publishing.pending().size == 0


def test_nothing_pending_publishes_nothing(jefa: Client) -> None:
    write("menu_principal", "*", "Hola")
    publishing.publish()
    assert "No hay cambios sin publicar" in text_of(jefa.get(PUBLISH))
    assert "No había nada que publicar" in text_of(post(jefa))
    assert RulebookRelease.objects.count() == 1


def test_errors_of_the_checker_stop_it_and_lead_to_the_field(jefa: Client) -> None:
    pk = write("menu_principal", "*", "Hola", next_step="no_existe")
    page = text_of(jefa.get(PUBLISH))
    assert f'href="{RULES}{pk}/change/#id_next_step"' in page
    answer = post(jefa)
    assert answer.status_code == 422
    assert "No se puede publicar con 1 error" in text_of(answer)
    assert not RulebookRelease.objects.exists()


def test_what_another_person_changed_is_shown_before_it_is_published(jefa: Client) -> None:
    write("menu_principal", "*", "Hola")
    seen = publishing.draft_number()
    write("menu_principal", "2", "De otra persona")
    answer = post(jefa, seen=seen)
    assert answer.status_code == 409
    assert "De otra persona" in text_of(answer)
    assert not RulebookRelease.objects.exists()
    assert post(jefa, seen="x").status_code == 409


def test_scenarios_that_answer_otherwise_are_told(jefa: Client) -> None:
    pk = write("menu_principal", "iniciar", "Hola")
    publishing.publish()
    turns = [{"say": "hola", "expect": ["Hola"], "step": ""}]
    Scenario.objects.create(name="Saludo", turns=turns)
    write("menu_principal", "2", "Otra")
    assert "El escenario guardado contesta lo de siempre" in text_of(jefa.get(PUBLISH))
    change(pk, reply="Buenas")
    page = text_of(jefa.get(PUBLISH))
    assert "1 de 1 escenarios" in page
    assert "Se esperaba" in page
    refused = post(jefa)
    assert refused.status_code == 422
    assert "corrige las reglas o marca la casilla" in text_of(refused)
    assert RulebookRelease.objects.count() == 1
    assert "ya contesta" in text_of(post(jefa, anyway="1"))
    assert RulebookRelease.objects.count() == 2


def test_no_tick_publishes_an_error_of_the_checker(jefa: Client) -> None:
    write("menu_principal", "*", "Hola", next_step="no_existe")
    Scenario.objects.create(name="Saludo", turns=[{"say": "hola", "expect": ["Otra cosa"]}])
    assert post(jefa, anyway="1").status_code == 422
    assert not RulebookRelease.objects.exists()


def test_chats_left_without_a_step_need_a_choice(jefa: Client) -> None:
    write("menu_principal", "*", "Hola")
    gone = write("medida", "*", "¿Cuánto?", next_step="menu_principal")
    publishing.publish()
    chat = stand("medida")
    drop(gone)
    page = text_of(jefa.get(PUBLISH))
    assert "1 chat en «medida»" in page
    assert "Seguir en «menu_principal»" in page
    step: Any = {"step": ["medida"]}
    for move, other in (("", ""), ("", "nadie"), ("paso:medida", ""), ("otra cosa", "")):
        refused = post(jefa, **step, move=[move], other=[other])
        assert refused.status_code == 422
        assert "errornote" in text_of(refused)
    assert "Ninguna regla tiene el paso «nadie»" in text_of(
        post(jefa, **step, move=["inicio"], other=["nadie"])
    )
    assert RulebookRelease.objects.count() == 1
    done = text_of(post(jefa, **step, move=[""], other=[" Menu_Principal "]))
    assert "Se movió 1 chat" in done
    assert BotSession.objects.get(pk=chat.pk).step == "menu_principal"


def test_many_steps_are_chosen_for_at_once(jefa: Client) -> None:
    write("menu_principal", "*", "Hola")
    gone = [write(f"p{n}", "*", "x") for n in range(5)]
    publishing.publish()
    for n in range(5):
        stand(f"p{n}", n)
    drop(*gone)
    assert 'name="rest"' in text_of(jefa.get(PUBLISH))
    done = post(jefa, rest="inicio", step=["p0"], move=["asesor"], other=[""])
    assert "Se movieron 5 chats" in text_of(done)
    agents = Conversation.objects.filter(handler=Conversation.Handler.AGENT)
    assert agents.get().bot_session.is_open is False


def test_chats_in_steps_that_no_rule_has_are_listed_and_moved(jefa: Client) -> None:
    write("menu_principal", "*", "Hola")
    publishing.publish()
    chat = stand("perdido")
    assert "Hay 1 chat en un paso que ya no existe" in text_of(jefa.get(PUBLISH))
    move = f"{PUBLISH}mover/"
    data = {"step": ["perdido"], "other": [""]}
    assert "No se movió ningún chat" in text_of(post(jefa, move, **data, move=[""]))
    assert "Se movió 1 chat" in text_of(post(jefa, move, **data, move=["paso:menu_principal"]))
    assert BotSession.objects.get(pk=chat.pk).step == "menu_principal"
    assert jefa.get(move).status_code == 405


def test_a_discarded_draft_is_had_back_from_the_history(jefa: Client) -> None:
    pk = write("menu_principal", "*", "Hola")
    publishing.publish()
    change(pk, reply="Buenas")
    page = f"{PUBLISH}descartar/"
    assert "Hay 1 regla distinta" in text_of(jefa.get(page))
    assert "Si fue un error" in text_of(post(jefa, page))
    assert Rule.objects.get().reply == "Hola"
    edit = RuleEdit.objects.latest("pk")
    assert "Deshecho en el borrador" in text_of(post(jefa, f"{RULES}historial/{edit.pk}/deshacer/"))
    assert Rule.objects.get().reply == "Buenas"


def test_a_version_is_compared_restored_and_downloaded(jefa: Client) -> None:
    pk = write("menu_principal", "*", "Hola")
    RuleMedia.objects.create(rule_id=pk, url="https://e.co/a.png", kind="image")
    publishing.publish(author="ana", note="la primera")
    change(pk, reply="Buenas")
    publishing.publish(author="luis")
    change(pk, reply="Sin publicar")
    listed = text_of(jefa.get(f"{RULES}versiones/"))
    for words in ("la primera", "luis", "Contesta ahora"):
        assert words in listed
    page = f"{RULES}versiones/1/"
    shown = text_of(jefa.get(page))
    assert "<del>Buenas</del>" in shown
    assert "<ins>Hola</ins>" in shown
    assert "<del>Sin publicar</del>" in text_of(jefa.get(f"{page}?con=borrador"))
    assert "son iguales" in text_of(jefa.get(f"{page}?con=1"))
    assert "<del>Hola</del>" in text_of(jefa.get(f"{RULES}versiones/2/"))  # with the one before
    assert jefa.get(f"{RULES}versiones/9/").status_code == 404
    done = text_of(post(jefa, f"{page}volver/"))
    assert "La versión 3 ya contesta" in done
    assert "Había cambios sin publicar" in done
    assert [rule.reply for rule in publishing.published_rules()] == ["Hola"]
    drafts.undo(RuleEdit.objects.latest("pk"), author="jefa")
    assert Rule.objects.get().reply == "Sin publicar"


def test_a_downloaded_version_imports_back_as_it_was(jefa: Client) -> None:
    pk = write("menu_principal", "*", "=Hola\nqué tal", hands_over=True)
    RuleMedia.objects.create(rule_id=pk, url="https://e.co/a.png", kind="image")
    publishing.publish()
    answer = jefa.get(f"{RULES}versiones/1/excel/")
    assert "reglas-version-1.xlsx" in answer["Content-Disposition"]
    result = import_rules(answer.content, dry_run=True)
    assert (len(result.new), len(result.changed), result.same) == (0, 0, 1)


def test_restoring_asks_for_the_chats_that_it_would_strand(jefa: Client) -> None:
    write("menu_principal", "*", "Hola")
    publishing.publish()
    write("nuevo", "*", "x")
    publishing.publish()
    chat = stand("nuevo")
    page = f"{RULES}versiones/1/volver/"
    assert post(jefa, page).status_code == 422
    assert RulebookRelease.objects.count() == 2
    assert post(jefa, page, seen=0, rest="inicio").status_code == 409
    post(jefa, page, step=["nuevo"], move=["inicio"], other=[""])
    assert RulebookRelease.objects.count() == 3
    assert BotSession.objects.get(pk=chat.pk).is_open is False


def test_the_history_says_who_did_what_and_undoes_it(jefa: Client) -> None:
    pk = write("menu_principal", "*", "Hola")
    first = change(pk, reply="Uno")
    change(pk, reply="Dos")
    write("menu_principal", "9", "Otra regla")
    page = f"{RULES}historial/"
    assert "Otra regla" in text_of(jefa.get(page))
    of_rule = text_of(jefa.get(f"{RULES}{pk}/history/", follow=True))
    assert "Otra regla" not in of_rule
    assert "<del>Uno</del>" in of_rule
    refused = text_of(post(jefa, f"{page}{first.pk}/deshacer/"))
    assert "Alguien cambió después: «menu_principal · *»" in refused
    latest = RuleEdit.objects.filter(changes__rule_id=pk).latest("pk")
    post(jefa, f"{page}{latest.pk}/deshacer/")
    assert Rule.objects.get(pk=pk).reply == "Uno"
    assert "Deshecho por jefa" in text_of(jefa.get(page))
    assert "Alguien cambió después" in text_of(post(jefa, f"{page}{latest.pk}/deshacer/"))
    assert jefa.get(f"{page}{latest.pk}/deshacer/").status_code == 405


def test_a_long_import_is_one_line_of_the_history(
    jefa: Client, inside: Tenant, django_assert_max_num_queries: Any
) -> None:
    rows = [["menu", str(n), f"Respuesta {n}"] for n in range(120)]
    import_rules(sheet(["step", "input_text", "respuesta"], *rows), publish=False)
    for n in range(5):
        change(Rule.objects.first().pk, reply=str(n))  # type: ignore[union-attr]
    with django_assert_max_num_queries(25, connection=connections[inside.alias]):
        page = text_of(jefa.get(f"{RULES}historial/"))
    assert "Respuesta 4" in page
    assert "Respuesta 5" not in page
    assert "Ver las 120 reglas" in page
    edit = RuleEdit.objects.earliest("pk")
    assert "Respuesta 119" in text_of(jefa.get(f"{RULES}historial/{edit.pk}/?p=3"))


def test_the_pages_say_how_much_waits(jefa: Client) -> None:
    listed = f"{RULES}versiones/"
    assert "sin publicar" not in text_of(jefa.get(listed))
    write("menu_principal", "*", "Hola")
    assert "Hay 1 cambio sin publicar" in text_of(jefa.get(listed))
    write("menu_principal", "2", "Dos")
    assert "Hay 2 cambios sin publicar" in text_of(jefa.get(listed))
    publishing.publish()
    assert "sin publicar" not in text_of(jefa.get(listed))


def test_agents_and_other_companies_stay_out(
    jefa: Client, inside: Tenant, companies: SimpleNamespace
) -> None:
    write("menu_principal", "*", "Hola de acme")
    publishing.publish()
    pages = [PUBLISH, f"{PUBLISH}descartar/", f"{RULES}versiones/", f"{RULES}historial/"]
    agent = login(inside, "asesora")
    other = login(companies.beta, "jefe", Role.ADMIN)
    for page in pages:
        assert agent.get(page).status_code in (302, 403)
        assert "acme" not in text_of(other.get(page))
    assert other.get(f"{RULES}versiones/1/").status_code == 404
    assert other.get(f"{RULES}versiones/1/excel/").status_code == 404


def test_options_are_told_as_people_see_them() -> None:
    menu = {
        "header": "Menú",
        "button": "Ver",
        "footer": "Elige",
        "sections": [{"title": "Uno", "rows": [{"id": "a", "title": "A", "description": "b"}]}],
    }
    assert options_words("lista", menu).splitlines() == [
        "Título: Menú",
        "Botón: Ver",
        "— Uno —",
        "[A] b (a)",
        "Pie: Elige",
    ]
    flow = {"flow_id": "7", "flow_cta": "Abrir", "screen": "S", "data": {"a": 1}}
    assert options_words("flow", flow).splitlines() == [
        "Botón: Abrir",
        "Formulario: 7",
        "Pantalla: S",
        '{"a": 1}',
    ]
    assert options_words("boton", [{"id": 1}]) == '[{"id": 1}]'
    assert options_words("texto", {"a": 1}) == '{"a": 1}'
    assert options_words("boton", None) == ""


def test_a_long_difference_is_cut_but_counted(acme: Tenant) -> None:
    rules = tuple(RuleData(n, "menu", str(n)) for n in range(300))
    words = in_words(Difference(new=rules))
    assert (len(words.new), words.size, words.is_cut) == (100, 300, True)


def test_only_the_words_that_differ_are_marked(acme: Tenant) -> None:
    before, after = Cell("Respuesta", "Hola, buen día\nDime", "Hola, buenas tardes\nDime").parts
    assert [(part.text, part.differs) for part in before] == [
        ("Hola, ", False),
        ("buen día\n", True),
        ("Dime", False),
    ]
    assert "".join(part.text for part in after) == "Hola, buenas tardes\nDime"
    assert Cell("Respuesta", "Hola", "Otra cosa").parts == (
        [Part("Hola", True)],
        [Part("Otra cosa", True)],
    )
    long = "palabra " * 2000
    assert [part.differs for part in Cell("Respuesta", long, f"{long}x").parts[1]] == [True]
