"""What Meta says of a number: asked now and then, told by webhooks, shown, and obeyed."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from conversations import account_events, numbers, pacing, services
from conversations.models import AccountEvent, NumberState
from conversations.number_watch import EVERY, check_number, check_numbers
from conversations.whatsapp import outbound
from tenants import registry
from tenants.models import Role, Tenant, WhatsAppNumber
from tests.journeys.shop import Json, Shop, outside
from tests.journeys.test_agents_door import Desk
from tests.tenants.conftest import enter, make_user
from whapco.simulator.templates import Template


@pytest.fixture
def jefa(companies: SimpleNamespace) -> Client:
    """A superadmin."""
    make_user(companies.control, "jefa", Role.SUPERADMIN)
    client = Client()
    assert enter(client, "", "jefa").status_code == 302
    return client


def asked(shop: Shop) -> int:
    """How often Meta was asked about the number."""
    calls = shop.meta.graph.memory.calls
    return sum(call.method == "GET" and call.path.endswith(f"/{shop.number}") for call in calls)


def state(shop: Shop) -> NumberState:
    with shop.inside():
        return NumberState.objects.get(pk=shop.number)


def number_page(jefa: Client, shop: Shop) -> str:
    number = WhatsAppNumber.objects.get(phone_number_id=shop.number)
    answer = outside(jefa.get, f"/admin/tenants/whatsappnumber/{number.pk}/change/")
    return str(answer.content.decode())


def notice(shop: Shop, field: str, **value: Any) -> None:
    body: Json = shop.envelope(field)
    body["entry"][0]["changes"][0]["value"] = value
    assert shop.post(body).status_code == 200


def rate(shop: Shop) -> float:
    numbers.forget()
    with shop.inside():
        return numbers.send_rate(shop.number)


# The check --------------------------------------------------------------------------------------


def test_a_number_is_asked_about_at_most_once_an_hour_and_the_answer_shown(
    shop: Shop, jefa: Client
) -> None:
    shop.job(check_numbers)
    shop.job(check_numbers)
    assert asked(shop) == 1
    page = number_page(jefa, shop)
    assert "Última comprobación sola" in page
    assert "rendimiento normal" in page
    with shop.inside():
        NumberState.objects.update(checked_at=timezone.now() - EVERY)
    shop.job(check_numbers)
    assert asked(shop) == 2


@pytest.mark.parametrize("left_out", ["unpaid", "suspended", "no token"])
def test_who_sends_nothing_is_not_asked_about(shop: Shop, left_out: str) -> None:
    changes = {
        "unpaid": {"paid_until": timezone.localdate() - timedelta(days=2)},
        "suspended": {"active": False},
        "no token": {"meta_token": ""},
    }[left_out]
    for name, value in changes.items():
        setattr(shop.tenant, name, value)
    shop.tenant.save()
    registry.forget()
    for tenant in registry.active_tenants():
        shop.tenant = tenant
        shop.job(check_numbers)
    shop.tenant = Tenant.objects.get(key="acme")
    assert asked(shop) == 0


def test_a_token_that_meta_refuses_pauses_the_number_before_a_customer_writes(
    shop: Shop, jefa: Client
) -> None:
    shop.tenant.meta_token = "T-revoked"
    shop.tenant.save()
    registry.forget()
    shop.tenant = Tenant.objects.get(pk=shop.tenant.pk)
    shop.job(check_numbers)
    found = state(shop)
    assert (found.error_code, found.check_level) == (190, "bad")
    assert found.paused_at is not None
    assert "En pausa desde" in number_page(jefa, shop)
    desk = Desk(shop, "eva", "admin")
    assert found.reason in desk.get("/numeros/avisos").content.decode()
    before = found.paused_at
    outside(check_number.call, shop.tenant.key, shop.number)
    assert state(shop).paused_at == before


def test_a_missing_permission_to_ask_pauses_nothing(shop: Shop) -> None:
    shop.meta.graph.tokens.permissions = frozenset({"whatsapp_business_messaging"})
    shop.job(check_numbers)
    assert state(shop).paused_at is None


def test_meta_out_of_reach_is_said_and_stops_nothing(shop: Shop, settings: Any) -> None:
    settings.GRAPH_API_URL = "http://127.0.0.1:1"
    shop.job(check_numbers)
    found = state(shop)
    assert (found.check_level, found.paused_at) == ("bad", None)
    assert "no se pudo llegar" in found.check_text
    assert rate(shop) == settings.SEND_RATE_PER_NUMBER


# The rate ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "level", "on_phone_app", "wanted"),
    [
        (80.0, "STANDARD", False, 80),
        (80.0, "HIGH", False, 1000),
        (80.0, "HIGH", True, 20),
        (80.0, "NOT_APPLICABLE", False, 80),
        (50.0, "HIGH", False, 50),
        (200.0, "HIGH", False, 200),
        (200.0, "STANDARD", False, 80),
        (0.0, "HIGH", False, 0),
    ],
)
def test_the_rate_is_the_levels_up_to_what_the_installation_wants(
    shop: Shop, settings: Any, setting: float, level: str, on_phone_app: bool, wanted: float
) -> None:
    settings.SEND_RATE_PER_NUMBER = setting
    assert rate(shop) == setting
    number = shop.meta.graph.memory.numbers[shop.number]
    number.level, number.on_phone_app = level, on_phone_app
    shop.job(check_numbers)
    assert rate(shop) == wanted


def test_messages_leave_at_the_pace_that_was_learned(shop: Shop, settings: Any) -> None:
    settings.SEND_RATE_PER_NUMBER, settings.SEND_PAIR_BURST = 80.0, 0
    shop.job(check_numbers)
    with shop.inside():
        NumberState.objects.update(per_second=1)  # slow enough for any machine
    numbers.forget()
    pacing.forget()
    shop.rules("menu_principal|iniciar|M")
    for one in range(5):
        shop.says("hola", by=f"5730011{one:05d}")
    pacing.forget()
    assert 1 <= len(shop.out) < 5
    assert {message.status for message in shop.sent()} == {"accepted", "queued"}


def test_an_upgrade_told_by_webhook_is_learned_with_the_next_look(
    shop: Shop, settings: Any
) -> None:
    settings.SEND_RATE_PER_NUMBER = 80.0
    shop.job(check_numbers)
    assert rate(shop) == 80
    shop.meta.graph.memory.numbers[shop.number].level = "HIGH"
    notice(shop, "phone_number_quality_update", event="THROUGHPUT_UPGRADE")
    shop.job(check_numbers)
    assert rate(shop) == 1000


# What Meta tells by itself ----------------------------------------------------------------------


def test_the_numbers_page_tells_what_meta_said_newest_first(shop: Shop, jefa: Client) -> None:
    assert "Meta no ha enviado avisos" in number_page(jefa, shop)
    notice(shop, "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})
    notice(shop, "phone_number_quality_update", event="FLAGGED", current_limit="TIER_1K")
    notice(shop, "message_template_status_update", event="PAUSED", message_template_name="oferta")
    notice(shop, "security", event="PIN_CHANGED")
    notice(shop, "account_alerts", alert_info={"alert_description": "<b>Something</b>"})
    notice(shop, "history", history=[])
    page = number_page(jefa, shop)
    texts = [
        "Something",
        "cambió el PIN",
        "en pausa por su calidad, oferta",
        "TIER_1K",
        "bloqueada",
    ]
    places = [page.index(text) for text in texts]
    assert places == sorted(places)
    assert "señalado por baja calidad" in page
    assert "<b>Something" not in page
    assert page.count('<p class="state"><time') == 5


def test_events_of_another_number_and_account_are_not_shown(shop: Shop) -> None:
    with shop.inside():
        shown = {"display_phone_number": "15550000999", "event": "FLAGGED"}
        rows = [
            AccountEvent(field="security", waba_id="9111", payload={"value": shown}),
            AccountEvent(field="security", waba_id="9222", payload={"value": {}}),
            AccountEvent(field="errors", phone_number_id="222", payload={"value": {}}),
        ]
        AccountEvent.objects.bulk_create(rows)
        assert account_events.of_number("111", "9111", "+1 555 000 0111") == []
        assert len(account_events.of_number("111", "9111", "+1 555 000 0999")) == 1


def test_the_page_shows_a_bounded_number_of_events(shop: Shop) -> None:
    with shop.inside():
        row = {"field": "security", "phone_number_id": "111", "payload": {"value": {"event": "X"}}}
        AccountEvent.objects.bulk_create([AccountEvent(**row) for _ in range(200)])
        found = account_events.of_number("111", "", "")
    assert len(found) == account_events.SHOWN


def test_a_template_that_meta_refuses_is_noted_once_for_its_number(
    shop: Shop, jefa: Client, template: Callable[[int], None]
) -> None:
    for code in (132015, 132015, 132001):
        template(code)
    with shop.inside():
        rows = list(AccountEvent.objects.filter(field=account_events.TEMPLATE_REFUSED))
    assert [row.phone_number_id for row in rows] == [shop.number]
    assert "Plantilla rechazada al enviar</strong>: oferta" in number_page(jefa, shop)


@pytest.fixture
def template(shop: Shop) -> Callable[[int], None]:
    """Sends the template "oferta", which Meta refuses with that code."""
    shop.rules("menu_principal|iniciar|M")
    shop.meta.graph.templates.add(Template("oferta", "es", components=None))
    shop.says("hola")

    def send(code: int) -> None:
        shop.meta.fail_next(code)
        with shop.inside():
            words = outbound.template("oferta", "es")
            services.queue(shop.chat(), words, body="", author="agent")
        shop.deliver_statuses()
        assert shop.last_sent().error_code == code

    return send


def test_old_events_are_dropped_and_0_keeps_all(shop: Shop, settings: Any) -> None:
    with shop.inside():
        for days in (10, 400):
            at = timezone.now() - timedelta(days=days)
            AccountEvent.objects.create(field="security", payload={}, received_at=at)
        settings.ACCOUNT_EVENTS_KEEP_DAYS = 0
        assert account_events.forget_old() == 0
        settings.ACCOUNT_EVENTS_KEEP_DAYS = 365
        assert account_events.forget_old() == 1
        assert AccountEvent.objects.count() == 1


# The banner --------------------------------------------------------------------------------------


def test_the_banner_comes_and_goes_with_the_trouble(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    desk = Desk(shop, "eva", "admin")
    assert 'class="trouble"' not in desk.get("/numeros/avisos").content.decode()
    shop.meta.fail_next(190)
    shop.says("hola")
    assert 'class="trouble"' in desk.get("/numeros/avisos").content.decode()
    desk.post(f"/numeros/{shop.number}/reintentar")
    assert 'class="trouble"' not in desk.get("/numeros/avisos").content.decode()
    assert shop.out == ["M"]
