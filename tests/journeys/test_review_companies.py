"""Whose is it: account events, removed and lagging companies, odd settings, roles that appear."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from chatbot import tasks
from conversations.models import AccountEvent, Message
from tenants import registry, scheduler
from tenants.context import current_tenant, tenant_context
from tenants.models import Role, Tenant, UndeliveredEvent, WhatsAppNumber
from tests.journeys.shop import ANA, Json, Shop, text_message
from tests.meta import FakeMeta
from whapco import events
from whapco.audience import Visitor
from whapco.lib.bus import MemoryBus

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno")
SWEEP = scheduler.Job("sweep", 10, tasks.sweep)


def account_event(waba_id: str, **value: Any) -> Json:
    value = {"event": "DISABLED_UPDATE"} | value
    entry = {"id": waba_id, "time": 1, "changes": [{"field": "account_update", "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def notices(tenant: Tenant) -> list[str]:
    with tenant_context(tenant):
        return list(AccountEvent.objects.values_list("field", flat=True))


def test_account_events_of_a_single_company_are_its_own(companies: SimpleNamespace) -> None:
    WhatsAppNumber.objects.all().delete()
    control = Shop(companies.control, "999", FakeMeta.__new__(FakeMeta), "secreto-global")
    assert control.post(account_event("4711")).status_code == 200
    assert notices(companies.control) == ["account_update"]
    assert not UndeliveredEvent.objects.exists()


def test_account_events_of_an_unknown_account_are_nobodys(shop: Shop) -> None:
    assert shop.post(account_event("4711"), secret="secreto-global").status_code == 200
    assert UndeliveredEvent.objects.get().waba_id == "4711"


def test_an_account_is_learned_from_the_messages_of_its_number(shop: Shop) -> None:
    """A company made by its PHONE_NUMBER_ID alone: nobody typed the account's id."""
    WhatsAppNumber.objects.filter(phone_number_id="111").update(waba_id="")
    shop.says("hola")
    assert shop.post(account_event("9111")).status_code == 200
    assert notices(shop.tenant) == ["account_update"]


def test_a_test_message_of_metas_dashboard_teaches_no_account(shop: Shop) -> None:
    WhatsAppNumber.objects.filter(phone_number_id="111").update(waba_id="")
    body = shop.envelope(messages=[text_message("hola")])
    body["entry"][0]["id"] = "0"
    shop.post(body)
    assert WhatsAppNumber.objects.get(phone_number_id="111").waba_id == ""


def test_nobody_takes_anothers_account(shop: Shop, other_shop: Shop) -> None:
    body = shop.envelope(messages=[text_message("hola")])
    body["entry"][0]["id"] = "9222"
    assert shop.post(body).status_code == 200
    assert other_shop.post(account_event("9222")).status_code == 200
    assert notices(other_shop.tenant) == ["account_update"]


def test_a_removed_company_is_nobody_at_the_webhook(shop: Shop) -> None:
    Tenant.objects.filter(pk=shop.tenant.pk).update(removed_at=timezone.now())
    body = shop.envelope(messages=[text_message("hola")])
    assert shop.post(body, query="?tenant=acme").status_code == 404
    assert shop.post(body, secret="secreto-global").status_code == 200
    assert shop.received() == []
    assert UndeliveredEvent.objects.get().phone_number_id == "111"


def test_an_inactive_company_keeps_its_messages_and_answers_nobody(shop: Shop) -> None:
    shop.rules(*MENU)
    Tenant.objects.filter(pk=shop.tenant.pk).update(active=False)
    assert shop.heard_after(lambda: shop.says("hola")) == []
    assert [row.status for row in shop.received()] == ["received"]


def test_an_inactive_company_is_answered_for_when_it_is_switched_on_again(shop: Shop) -> None:
    shop.rules(*MENU)
    Tenant.objects.filter(pk=shop.tenant.pk).update(active=False)
    shop.says("hola")
    wamid = shop.says("1")
    shop.says("1", wamid=wamid)  # Meta repeats itself
    assert shop.heard_after(lambda: scheduler.run_job(SWEEP)) == []
    Tenant.objects.filter(pk=shop.tenant.pk).update(active=True)
    assert shop.heard_after(lambda: scheduler.run_job(SWEEP)) == ["Menu", "Uno"]


def test_jobs_leave_companies_alone_whose_schema_is_behind(shop: Shop, other_shop: Shop) -> None:
    Tenant.objects.filter(key="acme").update(schema_version="00001-viejo")
    ran: list[str] = []
    job = scheduler.Job("test", 1, lambda: ran.append(current_tenant().key))
    scheduler.run_job(job)
    assert "beta" in ran
    assert "acme" not in ran


def test_a_company_whose_schema_is_behind_stores_and_waits(shop: Shop) -> None:
    shop.rules(*MENU)
    Tenant.objects.filter(key="acme").update(schema_version="00001-viejo")
    assert shop.heard_after(lambda: shop.says("hola")) == []
    assert [row.status for row in shop.received()] == ["received"]


@pytest.mark.parametrize("seconds", ["mucho", -5, True, [], {}, None, 10**15, "1e9", 0.5])
def test_odd_seconds_silence_no_bot(shop: Shop, seconds: object) -> None:
    shop.rules(*MENU)
    shop.set_env(SESSION_TIMEOUT_SECONDS=seconds, AGENT_TIMEOUT_SECONDS=seconds)
    shop.says("hola")
    shop.says("1")
    assert shop.out == ["Menu", "Uno"]
    shop.job(tasks.close_idle_sessions)
    shop.job(tasks.wake_bots)


@pytest.mark.parametrize("step", ["  ", [], ["x"], {"a": 1}, True, None])
def test_an_odd_initial_step_is_the_installations(shop: Shop, step: object) -> None:
    shop.rules(*MENU)
    shop.set_env(INITIAL_STEP=step)
    shop.says("hola")
    assert shop.out == ["Menu"]


@pytest.mark.parametrize("metadata", [[], "x", {"env": []}, {"env": "x"}, {"env": {"": 1}}, None])
def test_odd_metadata_silences_no_bot(shop: Shop, metadata: Any) -> None:
    shop.rules(*MENU)
    shop.tenant.metadata = metadata if metadata is not None else {}
    shop.tenant.save()
    shop.says("hola")
    assert shop.out == ["Menu"]


def test_a_role_made_after_the_rules_counts_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.rulebooks.CHECK_SECONDS", 0)
    shop.rules(*MENU)
    shop.rule("menu_principal|tiq|Tiquetes", role_keyword="tiquetes")
    shop.says("hola")
    shop.role("tiquetes")
    shop.says("tiq")
    with shop.inside():
        assert [role.keyword for role in shop.chat().roles.all()] == ["tiquetes"]
        Role.objects.filter(keyword="tiquetes").delete()
        Role.objects.create(keyword="otro", name="otro")
        shop.chat().roles.set(Role.objects.filter(keyword="otro"))
    shop.says("tiq")
    with shop.inside():
        assert [role.keyword for role in shop.chat().roles.all()] == ["otro"]


def test_a_default_company_that_nobody_knows_is_the_control_scope(
    shop: Shop, settings: Any
) -> None:
    settings.DEFAULT_TENANT = "nadie"
    registry.forget()
    assert registry.default_company().key == Tenant.SINGLE_COMPANY_KEY
    shop.rules(*MENU)
    shop.says("hola")
    assert shop.out == ["Menu"]


@pytest.mark.parametrize(
    ("own", "asked", "mine"), [("", "999", 1), ("999", "999", 1), ("5", "9", 0)]
)
def test_single_company_mode_with_and_without_its_number(
    companies: SimpleNamespace, settings: Any, own: str, asked: str, mine: int
) -> None:
    WhatsAppNumber.objects.all().delete()
    settings.PHONE_NUMBER_ID = own
    control = Shop(companies.control, asked, FakeMeta.__new__(FakeMeta), "secreto-global")
    registry.forget()
    assert control.post(control.envelope(messages=[text_message("hola", ANA)])).status_code == 200
    with control.inside():
        assert Message.objects.filter(direction="in").count() == mine
    assert UndeliveredEvent.objects.count() == 1 - mine


def test_a_page_that_leaves_is_forgotten_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = MemoryBus()
    monkeypatch.setattr("whapco.audience.bus.subscribe", bus.subscribe)
    visitor = Visitor(company="acme", session_key="s", user_id=1, mark="m")
    monkeypatch.setattr(events, "_visitor", lambda scope: visitor)

    async def visit() -> int:
        async def send(event: Json) -> None: ...

        async def receive() -> Json:
            await asyncio.sleep(0.05)
            return {"type": "http.disconnect"}

        await events.stream({}, receive, send)
        await asyncio.sleep(0.05)
        return len(bus._readers["acme"])

    assert asyncio.run(visit()) == 0
