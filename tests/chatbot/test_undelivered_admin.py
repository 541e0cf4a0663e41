"""Superadmins see what came for numbers that no company had, hand it over and throw it away."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatbot import undelivered, undelivered_admin
from conversations.models import AccountEvent
from tenants import registry
from tenants.connections import unregister
from tenants.context import tenant_context
from tenants.models import Role, Tenant, UndeliveredEvent, WhatsAppNumber
from tenants.scheduler import run_job
from tests.journeys.shop import ANA, BETO, Shop, incoming, outside, person, text_message
from tests.meta import FakeMeta
from tests.tenants.conftest import enter, kept_aliases, make_user
from whapco.schedule import JOBS

__all__ = ["kept_aliases"]  # a fixture
LIST = "/admin/tenants/undeliveredevent/"
GLOBAL = "secreto-global"
OTHER = "113000555777"  # long: ids of messages have digits too
WORDS = "mi clave del banco es 1234"


@pytest.fixture
def shop(companies: SimpleNamespace, meta: FakeMeta) -> Shop:
    """Acme, that gets number 112 late."""
    return Shop(companies.acme, "111", meta, "secreto-acme")


@pytest.fixture
def jefa(companies: SimpleNamespace, client: Client) -> Client:
    """A superadmin."""
    make_user(companies.control, "jefa", Role.SUPERADMIN)
    assert enter(client, "", "jefa").status_code == 302
    return client


def arrive(shop: Shop, *messages: Any, number: str = "112", **value: Any) -> None:
    """At a number that no company has."""
    value |= {"messages": list(messages)} if messages else {}
    body = shop.envelope(number=number, contacts=[person(ANA), person(BETO)], **value)
    assert shop.post(body, secret=GLOBAL).status_code == 200


def give(shop: Shop, number: str = "112") -> None:
    """The company gets the number."""
    WhatsAppNumber.objects.create(tenant=shop.tenant, phone_number_id=number)
    shop.meta.graph.add_number(number, "T1", app_secret="secreto-acme", waba_id="9111")


def text_of(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def said(answer: Any) -> list[str]:
    return [message.message for message in answer.context["messages"]]


def act(client: Client, action: str, *pks: int, **more: Any) -> Any:
    data = {"action": action, ACTION_CHECKBOX_NAME: list(pks), "select_across": "0"} | more
    return client.post(LIST, data, follow=True)


def pks() -> list[int]:
    return list(UndeliveredEvent.objects.order_by("pk").values_list("pk", flat=True))


# What is shown ----------------------------------------------------------------------------------


def test_an_empty_list_says_what_it_is_for(jefa: Client, settings: Any) -> None:
    page = text_of(jefa.get(LIST))
    assert "No hay nada sin entregar" in page
    assert "Meta envía para números que ninguna empresa tiene" in page
    assert "después de 90 días" in page
    settings.UNDELIVERED_KEEP_DAYS = 0
    assert "Nada se borra solo" in text_of(jefa.get(LIST))


def test_the_list_tells_what_waits_and_nothing_of_what_clients_wrote(
    jefa: Client, shop: Shop
) -> None:
    arrive(shop, text_message(WORDS), incoming("image", {"id": "1"}, BETO))
    page = text_of(jefa.get(LIST))
    for shown in ("112", "Texto de •••2233", "Imagen de •••5566", "Ninguna todavía"):
        assert shown in page
    assert "Número sin empresa" in page
    assert WORDS not in page
    assert ANA not in page


def test_every_kind_of_event_has_its_words(jefa: Client, shop: Shop) -> None:
    receipt = {"id": "wamid.x", "status": "sent", "timestamp": "1788868800", "recipient_id": ANA}
    arrive(shop, "roto", statuses=[receipt], errors=[{"code": 130429}])  # type: ignore[arg-type]
    arrive(shop, incoming("holograma", {"x": 1}))
    shop.post_raw(b"{", {"X-Hub-Signature-256": _sign(b"{")})
    page = text_of(jefa.get(LIST))
    for shown in ("Recibo «sent» para •••2233", "Aviso de la cuenta: errors", "No era JSON"):
        assert shown in page
    assert page.count("Algo que no se entiende") == 2
    assert "holograma de •••2233" in page


def _sign(raw: bytes) -> str:
    return "sha256=" + hmac.new(GLOBAL.encode(), raw, hashlib.sha256).hexdigest()


def test_a_person_without_a_number_is_shown_by_user_id(jefa: Client, shop: Shop) -> None:
    message = text_message("hola") | {"from_user_id": "CO.998877"}
    del message["from"]
    arrive(shop, message)
    assert "Texto de •••8877" in text_of(jefa.get(LIST))


def test_the_company_that_has_the_number_by_now_is_named(jefa: Client, shop: Shop) -> None:
    arrive(shop, text_message("hola"))
    give(shop)
    assert "112 · Acme (1)" in text_of(jefa.get(LIST))
    Tenant.objects.filter(key="acme").update(active=False)
    assert "Acme (suspendida)" in text_of(jefa.get(LIST))


def test_one_event_is_shown_as_it_came_but_folded(jefa: Client, shop: Shop) -> None:
    arrive(shop, text_message(WORDS), text_message("otra", BETO))
    page = text_of(jefa.get(f"{LIST}{pks()[0]}/change/"))
    assert "<details class" in page
    assert WORDS in page
    assert "otra" not in page.split("<pre")[1]
    assert "Volver a entregar los 2 de este número" in page
    assert 'name="_save"' not in page


def test_what_clients_write_is_text_and_never_markup(jefa: Client, shop: Shop) -> None:
    arrive(shop, text_message("<script>alert(1)</script>"))
    assert "<script>alert(1)" not in text_of(jefa.get(f"{LIST}{pks()[0]}/change/"))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"numero": "112"}, 2),
        ({"numero": OTHER}, 1),
        ({"numero": "-"}, 1),
        ({"numero": "nadie"}, 0),
        ({"motivo": "json"}, 1),
        ({"motivo": "numero_desconocido"}, 3),
        ({"dias": "1"}, 3),
        ({"dias": "7"}, 1),
        ({"dias": "30"}, 1),
        ({"dias": "mil"}, 4),
        ({"q": OTHER}, 1),
        ({"q": ANA}, 2),
        ({"q": "wamid.buscado"}, 1),
        ({"q": "holaaa"}, 0),
    ],
)
def test_events_are_found_by_number_reason_age_and_client(
    jefa: Client, shop: Shop, query: dict[str, str], count: int
) -> None:
    arrive(shop, text_message("holaaa", wamid="wamid.buscado"), text_message("x", BETO))
    arrive(shop, text_message("holaaa"), number=OTHER)
    UndeliveredEvent.objects.create(reason="json", body={"text": "roto"})
    old = UndeliveredEvent.objects.filter(phone_number_id=OTHER)
    old.update(received_at=timezone.now() - timedelta(days=31))
    assert jefa.get(LIST, query).context["cl"].result_count == count


def test_a_long_list_costs_no_more_and_reads_no_bodies(
    jefa: Client, shop: Shop, settings: Any
) -> None:
    settings.REGISTRY_CACHE_SECONDS = 60.0
    arrive(shop, text_message("hola"))

    def cost() -> list[str]:
        registry.forget()
        connections["default"].queries_log.clear()  # a request empties it too
        with CaptureQueriesContext(connections["default"]) as captured:
            assert jefa.get(LIST).status_code == 200
        return [query["sql"] for query in captured.captured_queries]

    before = len(cost())
    assert before > 5
    UndeliveredEvent.objects.bulk_create(
        UndeliveredEvent(phone_number_id=f"5{n}", waba_id=f"7{n}", reason="x", body={"a": n})
        for n in range(150)
    )
    UndeliveredEvent.objects.bulk_create(
        UndeliveredEvent(waba_id=f"7{n}", reason="numero_desconocido", body={}) for n in range(60)
    )
    assert len(cost()) <= before
    shown = jefa.get(LIST).context["cl"].result_list
    assert {frozenset(event.get_deferred_fields()) for event in shown} == {frozenset({"body"})}


# Handing over -----------------------------------------------------------------------------------


def test_the_chosen_ones_are_handed_over_and_answered(jefa: Client, shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    arrive(shop, text_message("hola"), text_message("hola", BETO))
    arrive(shop, text_message("hola"), number="113")
    give(shop)
    answer = outside(act, jefa, "replay_selected", *pks()[1:])
    assert said(answer) == ["1 entregado, 1 sin empresa todavía."]
    assert [row.body for row in shop.received()] == ["hola"]
    assert [body["to"] for body in shop.meta.calls_of("112")] == [BETO]
    assert UndeliveredEvent.objects.count() == 2


def test_all_that_a_search_finds_can_be_handed_over(jefa: Client, shop: Shop) -> None:
    arrive(shop, *[text_message(f"n{n}") for n in range(60)])
    give(shop)
    data = {"action": "replay_selected", ACTION_CHECKBOX_NAME: pks()[:1], "select_across": "1"}
    answer = outside(jefa.post, f"{LIST}?numero=112&q={ANA}", data, follow=True)
    assert said(answer) == ["60 entregados."]
    assert [row.body for row in shop.received()] == [f"n{n}" for n in range(60)]


def test_all_of_one_number_is_handed_over_in_the_order_in_which_it_came(
    jefa: Client, shop: Shop
) -> None:
    arrive(shop, text_message("uno"), text_message("dos"))
    arrive(shop, text_message("de otro"), number="113")
    give(shop)
    assert "todo lo de este número" in text_of(jefa.get(LIST, {"numero": "112"}))
    answer = outside(jefa.post, f"{LIST}entregar/", {"numero": "112"}, follow=True)
    assert said(answer) == ["2 entregados."]
    assert [row.body for row in shop.received()] == ["uno", "dos"]
    assert [event.phone_number_id for event in UndeliveredEvent.objects.all()] == ["113"]


def test_one_is_handed_over_from_its_own_page(jefa: Client, shop: Shop) -> None:
    arrive(shop, text_message("uno"), text_message("dos"))
    answer = jefa.post(f"{LIST}{pks()[0]}/entregar/", follow=True)
    assert said(answer) == ["0 entregados, 1 sin empresa todavía."]
    give(shop)
    answer = outside(jefa.post, f"{LIST}{pks()[0]}/entregar/", follow=True)
    assert said(answer) == ["1 entregado."]
    assert answer.redirect_chain == [(f"{LIST}?numero=112", 302)]
    assert [row.body for row in shop.received()] == ["uno"]
    assert jefa.post(f"{LIST}999999/entregar/").status_code == 404


def test_a_suspended_company_keeps_its_messages_and_answers_once_it_is_back(
    jefa: Client, shop: Shop
) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    arrive(shop, text_message("hola"))
    give(shop)
    Tenant.objects.filter(key="acme").update(active=False)
    answer = outside(jefa.post, f"{LIST}entregar/", {"numero": "112"}, follow=True)
    assert said(answer) == ["1 entregado."]
    arrive_suspended = shop.envelope(
        number="112", contacts=[person(BETO)], messages=[text_message("hola", BETO)]
    )
    assert shop.post(arrive_suspended).status_code == 200
    assert not UndeliveredEvent.objects.exists()
    assert [row.status for row in shop.received()] == ["received", "received"]
    assert shop.meta.calls_of("112") == []
    Tenant.objects.filter(key="acme").update(active=True)
    registry.forget()
    shop.sweep()
    assert sorted(body["to"] for body in shop.meta.calls_of("112")) == [ANA, BETO]


def test_what_cannot_be_read_stays_and_is_counted(jefa: Client, shop: Shop) -> None:
    arrive(shop, text_message("hola"))
    give(shop)
    UndeliveredEvent.objects.create(reason="json", body={"text": "roto"})
    strange = {"type": "InboundMessage", "raw": {}, "item": {"de_otra_version": 1}}
    UndeliveredEvent.objects.create(
        phone_number_id="112", reason=undelivered.UNKNOWN_NUMBER, body=strange
    )
    answer = outside(act, jefa, "replay_selected", *pks())
    assert said(answer) == ["1 entregado, 2 que no se entienden."]
    assert UndeliveredEvent.objects.count() == 2
    for pk in pks():
        assert jefa.get(f"{LIST}{pk}/change/").status_code == 200


def test_a_company_that_does_not_answer_keeps_nothing_from_the_others(
    jefa: Client,
    shop: Shop,
    companies: SimpleNamespace,
    kept_aliases: None,  # noqa: F811
) -> None:
    arrive(shop, text_message("hola"), text_message("hola", BETO))
    arrive(shop, errors=[{"code": 130429}], number="113")
    give(shop)
    WhatsAppNumber.objects.create(tenant=companies.beta, phone_number_id="113")
    nowhere: dict[str, Any] = {"db_host": "127.0.0.1", "db_port": 1}
    if connections["default"].vendor == "sqlite":
        nowhere = {"db_name": "../no/hay"}
    Tenant.objects.filter(key="acme").update(**nowhere)
    unregister("t_acme")
    registry.forget()
    answer = outside(act, jefa, "replay_selected", *pks())
    assert said(answer) == [
        "1 entregado.",
        "La base de la empresa 'acme' no respondió: 2 eventos siguen aquí.",
    ]
    assert UndeliveredEvent.objects.count() == 2
    with tenant_context(companies.beta):
        assert AccountEvent.objects.count() == 1
    with pytest.raises(CommandError, match="acme"):
        outside(call_command, "replay_undelivered")


def test_a_page_hands_over_so_many_and_says_how_many_are_left(
    jefa: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undelivered_admin, "REPLAYED_AT_ONCE", 200)
    arrive(shop, *[text_message(f"n{n}") for n in range(205)])
    give(shop)
    answer = outside(jefa.post, f"{LIST}entregar/", {"numero": "112"}, follow=True)
    assert said(answer) == ["200 entregados, quedan 5: repítelo."]
    answer = outside(jefa.post, f"{LIST}entregar/", {"numero": "112"}, follow=True)
    assert said(answer) == ["5 entregados."]
    assert [row.body for row in shop.received()] == [f"n{n}" for n in range(205)]


# Throwing away ----------------------------------------------------------------------------------


def test_deleting_asks_first_and_spares_what_comes_meanwhile(jefa: Client, shop: Shop) -> None:
    arrive(shop, text_message("uno"), text_message("dos"))
    chosen = pks()
    asked = act(jefa, "delete_for_good", *chosen)
    assert "Se borrarán 2 eventos" in text_of(asked)
    assert UndeliveredEvent.objects.count() == 2
    arrive(shop, text_message("tres"))
    newest = str(asked.context["facts"]["newest"])
    answer = act(jefa, "delete_for_good", *pks(), newest=newest, select_across="1")
    assert said(answer) == ["Se borraron 2 eventos."]
    assert UndeliveredEvent.objects.count() == 1


def test_the_question_is_short_however_many_there_are(jefa: Client) -> None:
    UndeliveredEvent.objects.bulk_create(
        UndeliveredEvent(phone_number_id=f"9{n}", reason="x", body={}) for n in range(450)
    )
    asked = act(jefa, "delete_for_good", pks()[0], select_across="1")
    assert "Se borrarán 450 eventos" in text_of(asked)
    assert text_of(asked).count(ACTION_CHECKBOX_NAME) == 1
    newest = str(asked.context["facts"]["newest"])
    answer = act(jefa, "delete_for_good", pks()[0], newest=newest, select_across="1")
    assert said(answer) == ["Se borraron 450 eventos."]


def test_one_is_deleted_from_its_own_page_after_a_question(jefa: Client, shop: Shop) -> None:
    arrive(shop, text_message("hola"))
    address = f"{LIST}{pks()[0]}/delete/"
    assert jefa.get(address).status_code == 200
    assert UndeliveredEvent.objects.exists()
    assert jefa.post(address, {"post": "yes"}).status_code == 302
    assert not UndeliveredEvent.objects.exists()


def aged(days: float) -> int:
    event = UndeliveredEvent.objects.create(reason="x", body={})
    moment = timezone.now() - timedelta(days=days)
    UndeliveredEvent.objects.filter(pk=event.pk).update(received_at=moment)
    return event.pk


def run_the_job() -> None:
    (job,) = [job for job in JOBS if job.name == "forget_undelivered"]
    outside(run_job, job)


def test_what_nobody_claims_is_forgotten_in_time(companies: SimpleNamespace, settings: Any) -> None:
    aged(91)
    kept = aged(89)
    run_the_job()
    assert pks() == [kept]
    settings.UNDELIVERED_KEEP_DAYS = 10
    run_the_job()
    assert pks() == []


def test_zero_days_is_for_ever(companies: SimpleNamespace, settings: Any) -> None:
    settings.UNDELIVERED_KEEP_DAYS = 0
    aged(5000)
    run_the_job()
    assert len(pks()) == 1


def test_the_job_is_the_installations_and_no_companys(companies: SimpleNamespace) -> None:
    aged(91)
    with tenant_context(companies.acme):
        assert undelivered.forget_old() == 0


# Who may ----------------------------------------------------------------------------------------


def others(companies: SimpleNamespace) -> Iterator[tuple[str, Client]]:
    """Everybody who is somebody and no superadmin."""
    for company, key in ((companies.acme, "acme"), (companies.control, "")):
        for role in (Role.ADMIN, Role.AGENT):
            make_user(company, f"u-{role}", role)
            client = Client()
            assert enter(client, key, f"u-{role}").status_code == 302
            yield f"{role} of {key or 'control'}", client


def test_only_superadmins_come_in(companies: SimpleNamespace, shop: Shop) -> None:
    arrive(shop, text_message("hola"))
    give(shop)
    (pk,) = pks()
    pages = (LIST, f"{LIST}{pk}/change/", f"{LIST}{pk}/delete/", f"{LIST}{pk}/history/")
    posts = (LIST, f"{LIST}entregar/", f"{LIST}{pk}/entregar/", f"{LIST}{pk}/delete/")
    data = {"action": "replay_selected", ACTION_CHECKBOX_NAME: pk, "numero": "112", "post": "yes"}
    for who, client in others(companies):
        for page in pages:
            assert client.get(page).status_code == 403, (who, page)
        for page in posts:
            assert client.post(page, data).status_code == 403, (who, page)
        index = client.get("/admin/")
        assert index.status_code in (302, 403) or LIST not in text_of(index), who
    for page in (*pages, *posts):
        assert Client().get(page)["Location"].startswith("/admin/login/")
        assert Client().post(page, data)["Location"].startswith("/admin/login/")
    assert pks() == [pk]
    assert shop.received() == []


def test_a_superadmin_finds_it_in_the_index_under_its_spanish_name(jefa: Client) -> None:
    page = text_of(jefa.get("/admin/"))
    assert LIST in page
    assert "Eventos sin entregar" in page


def test_looking_is_not_handing_over_and_nothing_is_made_or_changed(
    jefa: Client, shop: Shop
) -> None:
    arrive(shop, text_message("hola"))
    (pk,) = pks()
    assert jefa.get(f"{LIST}entregar/").status_code == 405
    assert jefa.get(f"{LIST}{pk}/entregar/").status_code == 405
    assert jefa.get(f"{LIST}add/").status_code == 403
    assert jefa.post(f"{LIST}{pk}/change/", {"reason": "x"}).status_code == 403
