"""Superadmins ask Meta whether a number can send and receive, and let a paused one go on."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import number_check, numbers
from conversations.models import Contact, Conversation, Message
from conversations.services import queue
from conversations.whatsapp import outbound
from conversations.whatsapp.errors import Action, GraphError, explain
from tenants import registry
from tenants.connections import unregister
from tenants.context import tenant_context
from tenants.models import Role, Tenant, UndeliveredEvent, WhatsAppNumber
from tests.meta import FakeMeta
from tests.tenants.conftest import enter, kept_aliases, make_user
from whapco.simulator.errors import MetaError

__all__ = ["kept_aliases"]  # a fixture
LIST = "/admin/tenants/whatsappnumber/"


@pytest.fixture
def number(companies: SimpleNamespace) -> WhatsAppNumber:
    """Acme's."""
    return WhatsAppNumber.objects.select_related("tenant").get(phone_number_id="111")


@pytest.fixture
def jefa(companies: SimpleNamespace, client: Client) -> Client:
    """A superadmin."""
    make_user(companies.control, "jefa", Role.SUPERADMIN)
    assert enter(client, "", "jefa").status_code == 302
    return client


def checked(number: WhatsAppNumber, **changes: str) -> dict[str, tuple[str, str]]:
    """What a check finds, by subject, after the company was changed so."""
    Tenant.objects.filter(pk=number.tenant_id).update(**changes)
    found = number_check.check(WhatsAppNumber.objects.select_related("tenant").get(pk=number.pk))
    return {finding.subject: (finding.level.value, finding.text) for finding in found}


def address(number: WhatsAppNumber, act: str = "") -> str:
    return f"{LIST}{number.pk}/{act}/" if act else f"{LIST}{number.pk}/change/"


def text_of(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


# What is asked, and what is said ----------------------------------------------------------------


def test_a_line_in_order_is_four_good_lines(number: WhatsAppNumber, meta: FakeMeta) -> None:
    found = checked(number)
    assert list(found) == ["Clave de acceso", "Número", "Cuenta (WABA)", "Suscripción"]
    assert {level for level, _text in found.values()} == {"good"}
    assert found["Número"][1] == "+" + meta.graph.memory.numbers["111"].display_phone_number + (
        ", «Número 111», calidad alta, rendimiento normal."
    )
    assert "«whapco (simulador)»" in found["Suscripción"][1]
    assert meta.calls == meta.receipts == []


def test_the_number_as_people_dial_it_is_written_down(
    number: WhatsAppNumber, meta: FakeMeta
) -> None:
    checked(number)
    number.refresh_from_db()
    assert (
        number.display_phone_number == f"+{meta.graph.memory.numbers['111'].display_phone_number}"
    )
    assert WhatsAppNumber.objects.get(phone_number_id="222").display_phone_number == ""


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda meta: meta.graph.tokens.expire("T1"), explain(190, subcode=463)),
        (lambda meta: meta.graph.tokens.grants.pop("T1"), explain(190)),
    ],
)
def test_a_refused_token_says_so_once_and_asks_no_more(
    number: WhatsAppNumber, meta: FakeMeta, spoil: Callable[[FakeMeta], Any], words: str
) -> None:
    spoil(meta)
    found = checked(number)
    assert list(found) == ["Clave de acceso", "Lo demás"]
    assert found["Clave de acceso"] == ("bad", words)
    assert len(meta.refused) == 1


def test_without_a_token_nobody_is_asked(number: WhatsAppNumber, meta: FakeMeta) -> None:
    number.tenant.meta_token = ""
    number.tenant.save()
    assert checked(number)["Clave de acceso"] == ("bad", explain(104))
    assert not meta.graph.memory.calls


def test_the_token_of_the_installation_serves_a_company_without_one(
    number: WhatsAppNumber, meta: FakeMeta, settings: Any
) -> None:
    settings.META_TOKEN = "T1"
    number.tenant.meta_token = ""
    number.tenant.save()
    assert checked(number)["Clave de acceso"][0] == "good"


def test_the_companys_own_token_goes_before_the_installations(
    number: WhatsAppNumber, meta: FakeMeta, settings: Any
) -> None:
    settings.META_TOKEN = "T1"
    number.tenant.meta_token = "T2"
    number.tenant.save()
    found = checked(number)
    assert found["Clave de acceso"][0] == "good"
    assert found["Número"][0] == "bad"
    assert "Meta no tiene el número 111 para esta clave" in found["Número"][1]


@pytest.mark.parametrize("token", ["T1\n", "clave con espacios", "contraseña"])
def test_a_token_that_was_copied_badly_is_told_and_not_shown(
    number: WhatsAppNumber, meta: FakeMeta, token: str
) -> None:
    number.tenant.meta_token = token
    number.tenant.save()
    found = checked(number)
    assert "Cópiala otra vez" in found["Clave de acceso"][1]
    assert token.strip() not in str(found)
    assert not meta.graph.memory.calls


@pytest.mark.parametrize("number_id", ["112", "9111", "222", "no-es-un-id"])
def test_a_wrong_number_id_is_the_numbers_fault_alone(
    number: WhatsAppNumber, meta: FakeMeta, number_id: str
) -> None:
    """Another's, an account's, one that is nothing, one that is no id."""
    WhatsAppNumber.objects.filter(phone_number_id=number_id).delete()
    WhatsAppNumber.objects.filter(pk=number.pk).update(phone_number_id=number_id)
    found = checked(number)
    assert found["Clave de acceso"][0] == "good"
    assert found["Número"][0] == "bad"
    assert f"Meta no tiene el número {number_id} para esta clave" in found["Número"][1]
    assert "no tiene este número" in found["Cuenta (WABA)"][1]


@pytest.mark.parametrize("waba_id", ["111", "9222", "9999", "x"])
def test_a_wrong_account_id_is_told_with_its_way_out(
    number: WhatsAppNumber, meta: FakeMeta, waba_id: str
) -> None:
    WhatsAppNumber.objects.filter(pk=number.pk).update(waba_id=waba_id)
    found = checked(number)
    assert found["Número"][0] == "good"
    assert found["Cuenta (WABA)"][0] == "bad"
    assert "Corrige el id de la cuenta" in found["Cuenta (WABA)"][1]
    assert "Suscripción" not in found


def test_an_account_of_ours_that_has_another_number_is_not_this_numbers(
    number: WhatsAppNumber, meta: FakeMeta
) -> None:
    meta.graph.add_number("112", "T1", waba_id="9112")
    WhatsAppNumber.objects.filter(pk=number.pk).update(waba_id="9112")
    assert "la cuenta 9112 no tiene este número" in checked(number)["Cuenta (WABA)"][1]


def test_an_account_that_nobody_has_typed_is_a_doubt(
    number: WhatsAppNumber, meta: FakeMeta
) -> None:
    WhatsAppNumber.objects.filter(pk=number.pk).update(waba_id="")
    assert checked(number)["Cuenta (WABA)"][0] == "doubt"


def test_an_account_without_subscription_is_the_reason_for_silence(
    number: WhatsAppNumber, meta: FakeMeta
) -> None:
    meta.graph.memory.unsubscribed.add("9111")
    level, text = checked(number)["Suscripción"]
    assert level == "bad"
    assert "Suscribir la aplicación" in text


def test_messages_that_go_elsewhere_are_a_doubt(
    number: WhatsAppNumber, meta: FakeMeta, settings: Any
) -> None:
    settings.PUBLIC_BASE_URL = "https://chat.example"
    meta.graph.memory.overrides["9111"] = "https://otra.example/webhook"
    level, text = checked(number)["Suscripción"]
    assert (level, "https://otra.example/webhook" in text) == ("doubt", True)
    meta.graph.memory.overrides["9111"] = "https://chat.example/webhook?tenant=acme"
    assert checked(number)["Suscripción"][0] == "good"


def test_a_token_without_the_permission_is_told_apart_from_a_bad_one(
    number: WhatsAppNumber, meta: FakeMeta
) -> None:
    meta.graph.tokens.withdraw_permission("T1")
    found = checked(number)
    assert found["Clave de acceso"][0] == "good"
    assert found["Número"] == ("bad", explain(10))
    assert "whatsapp_business_management" in found["Cuenta (WABA)"][1]


@pytest.mark.parametrize(
    ("status", "quality", "level", "words"),
    [
        ("PENDING", "UNKNOWN", "bad", "regístralo en Meta con su PIN"),
        ("BANNED", "RED", "bad", "pide la revisión"),
        ("CONNECTED", "RED", "doubt", "calidad baja"),
        ("ALGO_NUEVO", "GREEN", "bad", "está en estado ALGO_NUEVO"),
        ("CONNECTED", "ALGO_NUEVO", "good", "rendimiento normal"),
    ],
)
def test_what_meta_thinks_of_the_number_is_said(
    number: WhatsAppNumber, meta: FakeMeta, status: str, quality: str, level: str, words: str
) -> None:
    facts = meta.graph.memory.numbers["111"]
    facts.status, facts.quality = status, quality
    found = checked(number)["Número"]
    assert (found[0], words in found[1]) == (level, True)


@pytest.mark.parametrize("code", [2, 4, 80007, 131057])
def test_a_busy_meta_is_asked_again_later(
    number: WhatsAppNumber, meta: FakeMeta, code: int
) -> None:
    meta.graph.outage = MetaError(code)
    found = checked(number)
    assert list(found) == ["Conexión con Meta", "Lo demás"]
    assert f"código {code}" in found["Conexión con Meta"][1]


def test_a_meta_that_cannot_be_reached_is_the_networks_fault(
    number: WhatsAppNumber, settings: Any
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.GRAPH_API_URL = f"http://127.0.0.1:{closed.getsockname()[1]}"
        found = checked(number)
    assert "Revisa la salida a Internet" in found["Conexión con Meta"][1]


@contextmanager
def mute_server() -> Iterator[str]:
    """Takes the call and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].close())
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_a_meta_that_does_not_answer_is_not_waited_for(
    number: WhatsAppNumber, settings: Any
) -> None:
    with mute_server() as settings.GRAPH_API_URL:
        found = checked(number)
    assert "no hubo respuesta clara" in found["Conexión con Meta"][1]


def test_without_an_app_secret_everything_would_be_refused(
    number: WhatsAppNumber, meta: FakeMeta, settings: Any
) -> None:
    settings.META_APP_SECRET = ""
    number.tenant.app_secret = ""
    number.tenant.save()
    assert checked(number)["Firma"][0] == "bad"
    settings.WEBHOOK_ALLOW_UNSIGNED = True
    assert "Firma" not in checked(number)


# The pages --------------------------------------------------------------------------------------


def test_the_button_answers_with_a_line_for_each_question(
    jefa: Client, number: WhatsAppNumber, meta: FakeMeta
) -> None:
    meta.graph.memory.unsubscribed.add("9111")
    answer = jefa.post(address(number, "probar"), follow=True)
    assert answer.redirect_chain == [(address(number), 302)]
    said = [(message.level_tag, message.message) for message in answer.context["messages"]]
    assert [level for level, _text in said] == ["success", "success", "success", "error"]
    assert said[0][1] == "Clave de acceso: Meta la acepta."
    assert "T1" not in text_of(answer)


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/admin/tenants/tenant/1/change/", "/admin/tenants/tenant/1/change/"),
        ("https://malo.example/", None),
        ("//malo.example/", None),
        ("", None),
    ],
)
def test_the_answer_leads_back_to_the_page_that_asked(
    jefa: Client, number: WhatsAppNumber, meta: FakeMeta, asked: str, led: str | None
) -> None:
    answer = jefa.post(address(number, "probar"), {"next": asked})
    assert answer["Location"] == (led or address(number))


def test_subscribing_is_one_click_and_remembered(
    jefa: Client, number: WhatsAppNumber, meta: FakeMeta
) -> None:
    meta.graph.memory.unsubscribed.add("9111")
    answer = jefa.post(address(number, "suscribir"), follow=True)
    assert "Suscrita" in text_of(answer)
    assert checked(number)["Suscripción"][0] == "good"
    with tenant_context(Tenant.single_company()):
        assert "Suscrita" in LogEntry.objects.get().change_message


def test_a_subscription_that_meta_refuses_says_why(
    jefa: Client, number: WhatsAppNumber, meta: FakeMeta
) -> None:
    meta.graph.tokens.expire("T1")
    assert explain(190, subcode=463) in text_of(
        jefa.post(address(number, "suscribir"), follow=True)
    )


def test_a_paused_number_says_why_and_goes_on_when_told(
    jefa: Client, number: WhatsAppNumber, meta: FakeMeta
) -> None:
    assert "Sin pausas" in text_of(jefa.get(address(number)))
    with tenant_context(number.tenant):
        numbers.pause("111", GraphError(explain(190), action=Action.TOKEN, code=190))
        contact = Contact.objects.create(wa_id="573001112233")
        open_until = timezone.now() + timedelta(hours=1)
        chat = Conversation.objects.create(
            contact=contact, phone_number_id="111", window_closes_at=open_until
        )
        queue(chat, outbound.text("hola"), body="hola", author=Message.Author.SYSTEM)
    page = text_of(jefa.get(address(number)))
    assert f"{explain(190)}" in page
    assert "En pausa desde" in page
    assert "1 mensaje espera su salida" in page
    assert "Envíos reanudados" in text_of(jefa.post(address(number, "reanudar"), follow=True))
    assert len(meta.calls_of("111")) == 1
    with tenant_context(number.tenant):
        assert numbers.trouble_of("111") is None


def test_a_rest_and_a_complaint_are_no_pause(jefa: Client, number: WhatsAppNumber) -> None:
    with tenant_context(number.tenant):
        numbers.slow_down("111", 60, GraphError("Despacio", action=Action.BACKOFF, code=4))
    assert "En descanso hasta" in text_of(jefa.get(address(number)))
    with tenant_context(number.tenant):
        numbers.slow_down("111", -60, GraphError("Despacio", action=Action.BACKOFF, code=4))
    assert "Sin pausas" in text_of(jefa.get(address(number)))
    with tenant_context(number.tenant):
        numbers.note_trouble("111", 131031, "Cuenta bloqueada")
    assert "Meta se queja: Cuenta bloqueada" in text_of(jefa.get(address(number)))


def test_a_pause_is_of_its_own_company(
    jefa: Client, number: WhatsAppNumber, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.beta):
        numbers.pause("111", GraphError(explain(190), action=Action.TOKEN, code=190))
    assert "Sin pausas" in text_of(jefa.get(address(number)))


def test_a_company_that_is_behind_or_away_does_not_hide_its_number(
    jefa: Client,
    number: WhatsAppNumber,
    meta: FakeMeta,
    kept_aliases: None,  # noqa: F811
) -> None:
    Tenant.objects.filter(pk=number.tenant_id).update(schema_version="00001-viejo")
    assert "espera una actualización" in text_of(jefa.get(address(number)))
    assert "espera una actualización" in text_of(
        jefa.post(address(number, "reanudar"), follow=True)
    )
    stamp = Tenant.objects.get(key="beta").schema_version
    nowhere = {"db_host": "127.0.0.1", "db_port": 1, "schema_version": stamp}
    if connections["default"].vendor == "sqlite":
        nowhere = {"db_name": "../no/hay", "schema_version": stamp}
    Tenant.objects.filter(pk=number.tenant_id).update(**nowhere)
    unregister("t_acme")
    registry.forget()
    assert "No se sabe si está en pausa" in text_of(jefa.get(address(number)))
    answer = jefa.post(address(number, "probar"), follow=True)
    assert "Clave de acceso: Meta la acepta." in text_of(answer)


def test_what_came_before_the_number_had_a_company_is_one_click_away(
    jefa: Client, number: WhatsAppNumber
) -> None:
    UndeliveredEvent.objects.create(phone_number_id="111", reason="numero_desconocido", body={})
    page = text_of(jefa.get(address(number)))
    assert "/admin/tenants/undeliveredevent/?numero=111" in page
    assert "1 evento llegó antes" in page


@pytest.mark.parametrize("words", ["111", "9111", "acme", "Acme"])
def test_a_number_is_found_by_what_is_known_of_it(
    jefa: Client, number: WhatsAppNumber, words: str
) -> None:
    page = text_of(jefa.get(LIST, {"q": words}))
    assert address(number) in page
    assert "beta" not in page.lower()


def test_the_page_of_a_number_changes_nothing_by_itself(
    jefa: Client, number: WhatsAppNumber
) -> None:
    page = text_of(jefa.get(address(number)))
    assert 'name="_save"' not in page
    assert jefa.post(address(number), {"phone_number_id": "333"}).status_code == 403
    assert jefa.get(f"{LIST}add/").status_code == 403
    assert jefa.post(f"{LIST}{number.pk}/delete/", {"post": "yes"}).status_code == 403
    assert WhatsAppNumber.objects.count() == 2


def test_a_long_list_costs_no_more(jefa: Client, companies: SimpleNamespace) -> None:
    def cost() -> int:
        connections["default"].queries_log.clear()  # a request empties it too
        with CaptureQueriesContext(connections["default"]) as captured:
            assert jefa.get(LIST).status_code == 200
        return len(captured)

    before = cost()
    assert before > 5
    for index in range(120):
        company = Tenant.objects.create(key=f"c{index}", db_name=f"c{index}")
        WhatsAppNumber.objects.create(tenant=company, phone_number_id=f"5{index}")
    assert cost() <= before
    assert "122 números de WhatsApp" in text_of(jefa.get(LIST))


@pytest.mark.parametrize("act", ["probar", "suscribir", "reanudar"])
def test_looking_is_not_acting(jefa: Client, number: WhatsAppNumber, act: str) -> None:
    assert jefa.get(address(number, act)).status_code == 405
    assert jefa.post(f"{LIST}999999/{act}/").status_code == 404


# Who may ----------------------------------------------------------------------------------------


def others(companies: SimpleNamespace) -> Iterator[tuple[str, Client]]:
    """Everybody who is somebody and no superadmin."""
    for company, key in ((companies.acme, "acme"), (companies.control, "")):
        for role in (Role.ADMIN, Role.AGENT):
            make_user(company, f"u-{role}", role)
            client = Client()
            assert enter(client, key, f"u-{role}").status_code == 302
            yield f"{role} of {key or 'control'}", client


def test_only_superadmins_come_in(
    companies: SimpleNamespace, number: WhatsAppNumber, meta: FakeMeta
) -> None:
    acts = [address(number, act) for act in ("probar", "suscribir", "reanudar")]
    for who, client in others(companies):
        for page in (LIST, address(number), f"{LIST}{number.pk}/history/", f"{LIST}{number.pk}/"):
            assert client.get(page).status_code == 403, (who, page)
        for act in acts:
            assert client.post(act).status_code == 403, (who, act)
        index = client.get("/admin/")
        assert index.status_code in (302, 403) or LIST not in text_of(index), who
    for page in (LIST, address(number)):
        assert Client().get(page)["Location"].startswith("/admin/login/")
    for act in acts:
        assert Client().post(act)["Location"].startswith("/admin/login/")
    assert not meta.graph.memory.calls


def test_a_superadmin_finds_it_in_the_index(jefa: Client) -> None:
    assert LIST in text_of(jefa.get("/admin/"))


def test_a_role_called_superadmin_in_a_company_is_worth_nothing(
    companies: SimpleNamespace, number: WhatsAppNumber
) -> None:
    make_user(companies.acme, "falsa", Role.SUPERADMIN, Role.ADMIN)
    client = Client()
    assert enter(client, "acme", "falsa").status_code == 302
    assert client.get(LIST).status_code == 403


def test_a_forged_form_is_refused(companies: SimpleNamespace, number: WhatsAppNumber) -> None:
    make_user(companies.control, "jefa", Role.SUPERADMIN)
    client = Client(enforce_csrf_checks=True)
    enter(client, "", "jefa")
    assert client.post(address(number, "probar")).status_code == 403
