"""Templates: listed from Meta, filled by an agent, sent where free text may not go."""

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, Message, MessageTemplate
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conversations.test_views import ana, log_in, make_chat, make_user
from tests.journeys.shop import Shop
from tests.meta import FakeMeta

__all__ = ["ana"]


@pytest.fixture
def closed(acme: Tenant, meta: FakeMeta) -> Conversation:
    """A chat whose window has closed."""
    return make_chat(
        "Juan Pérez", "573001112233", window_closes_at=timezone.now() - dt.timedelta(1)
    )


def send(client: Client, chat: Conversation, template: MessageTemplate, **values: str) -> object:
    data = {"key": str(uuid.uuid4()), **{name.replace("_", "-"): v for name, v in values.items()}}
    return client.post(f"/chats/{chat.pk}/plantillas/{template.pk}", data)


def test_the_picker_lists_what_is_approved_and_no_more(ana: Client, closed: Conversation) -> None:
    page = ana.get(f"/chats/{closed.pk}/plantillas").content.decode()
    assert "retomar_conversacion" in page
    assert "encuesta_pausada" not in page
    assert 'value="Juan"' in page
    assert MessageTemplate.objects.filter(name="encuesta_pausada", status="PAUSED").exists()


def test_a_template_reaches_a_chat_whose_window_is_closed(
    ana: Client, closed: Conversation, meta: FakeMeta
) -> None:
    ana.get(f"/chats/{closed.pk}/plantillas")
    template = MessageTemplate.objects.get(name="retomar_conversacion")
    answer = send(ana, closed, template, b_1="Juan")
    assert answer.status_code == 200  # type: ignore[attr-defined]
    message = Message.objects.get(conversation=closed, kind="template")
    assert message.status == Message.Status.ACCEPTED
    assert message.body == "Hola Juan, seguimos atentos a tu solicitud. ¿Quieres continuar?"
    closed.refresh_from_db()
    assert closed.agent_in_charge


def test_the_same_form_sent_twice_is_one_message(ana: Client, closed: Conversation) -> None:
    ana.get(f"/chats/{closed.pk}/plantillas")
    template = MessageTemplate.objects.get(name="retomar_conversacion")
    data = {"key": str(uuid.uuid4()), "b-1": "Juan"}
    for _ in range(2):
        assert ana.post(f"/chats/{closed.pk}/plantillas/{template.pk}", data).status_code == 200
    assert closed.messages.spoken().count() == 1


def test_what_is_missing_is_said_and_nothing_is_sent(ana: Client, closed: Conversation) -> None:
    ana.get(f"/chats/{closed.pk}/plantillas")
    template = MessageTemplate.objects.get(name="retomar_conversacion")
    answer = send(ana, closed, template, b_1=" ")
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "Falta llenar" in answer.content.decode()  # type: ignore[attr-defined]
    assert not closed.messages.exists()


def test_a_template_of_another_account_is_not_there(ana: Client, closed: Conversation) -> None:
    other = MessageTemplate.objects.create(
        waba_id="otra", name="x", language="es", status="APPROVED", synced_at=timezone.now()
    )
    assert send(ana, closed, other).status_code == 404  # type: ignore[attr-defined]


def test_without_an_answer_of_metas_the_kept_ones_are_shown(
    ana: Client, closed: Conversation, settings: object
) -> None:
    ana.get(f"/chats/{closed.pk}/plantillas")
    MessageTemplate.objects.update(synced_at=timezone.now() - dt.timedelta(hours=1))
    settings.GRAPH_API_URL = "http://127.0.0.1:1"  # type: ignore[attr-defined]
    page = ana.get(f"/chats/{closed.pk}/plantillas").content.decode()
    assert "Meta no dio la lista de plantillas" in page
    assert "retomar_conversacion" in page


def test_a_template_paused_by_meta_leaves_the_list(shop: Shop) -> None:
    with shop.inside():
        MessageTemplate.objects.create(
            waba_id="9111",
            name="oferta",
            language="es_CO",
            status="APPROVED",
            synced_at=timezone.now(),
        )
    body = shop.envelope("message_template_status_update")
    body["entry"][0]["changes"][0]["value"] = {
        "event": "PAUSED",
        "message_template_id": 1,
        "message_template_name": "oferta",
        "message_template_language": "es-CO",
        "reason": None,
    }
    assert shop.post(body).status_code == 200
    with shop.inside():
        assert MessageTemplate.objects.get().status == "PAUSED"


def test_an_agent_of_another_role_finds_no_chat(acme: Tenant, closed: Conversation) -> None:
    make_user("beto", "ventas")
    closed.assigned_to = make_user("caro", "asesor")
    closed.save()
    with tenant_context(acme):
        beto = log_in("acme", "beto")
    assert beto.get(f"/chats/{closed.pk}/plantillas").status_code == 404
