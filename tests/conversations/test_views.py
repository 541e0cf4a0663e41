"""The inbox through its real door: login, company, permission, page."""

import datetime as dt
import json
import re
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chatbot.models import BotSession, Rule
from chatbot.publishing import publish
from conversations import numbers
from conversations.models import Contact, Conversation, Message
from conversations.whatsapp.errors import Action, GraphError, explain
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tests.meta import FakeMeta

PASSWORD = "clave-larga-1"


def make_user(name: str, *roles: str) -> User:
    user = User.objects.create_user(name, password=PASSWORD, first_name=name.capitalize())
    for keyword in roles:
        user.roles.add(Role.objects.get_or_create(keyword=keyword, defaults={"name": keyword})[0])
    return user


def log_in(company: str, name: str) -> Client:
    client = Client()
    data = {"company": company, "username": name, "password": PASSWORD}
    assert client.post("/login", data).status_code == 302
    return client


def make_chat(name: str, number: str, **values: Any) -> Conversation:
    defaults = {"window_closes_at": timezone.now() + dt.timedelta(hours=20)}
    contact = Contact.objects.create(wa_id=number, profile_name=name)
    return Conversation.objects.create(contact=contact, phone_number_id="111", **defaults | values)


def say(chat: Conversation, body: str, **values: Any) -> Message:
    defaults: dict[str, Any] = {
        "direction": "in",
        "kind": "text",
        "status": "answered",
        "author": "contact",
        "at": timezone.now(),
        "wamid": f"wamid.{uuid.uuid4().hex}",
        "payload": {"type": "text", "text": {"body": body}},
    }
    return Message.objects.create(conversation=chat, body=body, **defaults | values)


@pytest.fixture
def ana(acme: Tenant) -> Client:
    """An admin of acme, logged in."""
    make_user("ana", Role.ADMIN)
    return log_in("acme", "ana")


@pytest.fixture
def chat(acme: Tenant) -> Conversation:
    return make_chat("María", "573001112233")


def text_of(response: Any) -> str:
    return response.content.decode()


def new_key() -> str:
    return str(uuid.uuid4())


# Who may look -----------------------------------------------------------------------------------

ADDRESSES = ("/", "/chats/lista", "/chats/1/", "/chats/1/mensajes")


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_are_sent_to_login(acme: Tenant, address: str) -> None:
    response = Client().get(address, headers={"X-Tenant-ID": "acme"})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login")


@pytest.mark.parametrize("verb", ["", "mensajes", "responder", "leido", "devolver", "finalizar"])
def test_a_chat_of_another_role_does_not_exist(chat: Conversation, verb: str) -> None:
    make_user("pedro", "tiquetes")
    chat.roles.add(Role.objects.create(keyword="cotizar", name="Cotizar"))
    client = log_in("acme", "pedro")
    ask = client.get if verb in ("", "mensajes") else client.post
    assert ask(f"/chats/{chat.pk}/{verb}").status_code == 404
    assert "María" not in text_of(client.get("/"))


@pytest.mark.parametrize("verb", ["", "mensajes", "responder", "leido", "devolver", "finalizar"])
def test_the_chats_of_another_company_do_not_exist(companies: SimpleNamespace, verb: str) -> None:
    with tenant_context(companies.beta):
        make_user("bea", Role.ADMIN)
    with tenant_context(companies.acme):
        chat = make_chat("María", "573001112233")
    client = log_in("beta", "bea")
    ask = client.get if verb in ("", "mensajes") else client.post
    assert ask(f"/chats/{chat.pk}/{verb}").status_code == 404
    assert "María" not in text_of(client.get("/"))


def test_writing_verbs_refuse_get(ana: Client, chat: Conversation) -> None:
    for verb in ("responder", "leido", "devolver", "finalizar"):
        assert ana.get(f"/chats/{chat.pk}/{verb}").status_code == 405


# The list ---------------------------------------------------------------------------------------


def test_a_row_shows_name_last_words_unread_state_and_reason(ana: Client, acme: Tenant) -> None:
    say(make_chat("María", "573001112233", unread_count=3, attention="sin_regla"), "hola")
    page = text_of(ana.get("/"))
    for words in ("María", "hola", ">3<", "Bot", "El bot no supo qué responder", "Elige un chat"):
        assert words in page


def test_a_row_shows_how_far_our_last_message_came(ana: Client, chat: Conversation) -> None:
    say(chat, "ya va", direction="out", author="bot", status="delivered")
    assert "Entregado" in text_of(ana.get("/chats/lista"))
    say(chat, "gracias")
    assert "Entregado" not in text_of(ana.get("/chats/lista"))


def test_an_empty_inbox_says_what_to_do(ana: Client, settings: Any) -> None:
    settings.SIMULATOR_ENABLED = True
    page = text_of(ana.get("/"))
    assert "Aún no hay chats" in page
    assert 'href="/simulador/"' in page
    settings.SIMULATOR_ENABLED = False
    assert 'href="/simulador/"' not in text_of(ana.get("/"))


def test_the_list_pages_by_key_without_gaps_or_doubles(ana: Client, acme: Tenant) -> None:
    at = timezone.now()
    for number in range(120):
        when = at - dt.timedelta(seconds=number // 3)
        make_chat(f"Cliente {number}", f"57300{number:07d}", last_message_at=when)
    seen: list[str] = []
    response = ana.get("/chats/lista")
    for _page in range(4):
        seen += [chat.contact.wa_id for chat in response.context["chats"]]
        more = response.context["more_url"]
        if more:
            response = ana.get(more)
    assert not more
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("cursor", ["x", "2026-02-31T10:00:00+00:00,4", "2026-01-01,5", ",", "²,²"])
def test_a_broken_cursor_means_the_first_page(ana: Client, chat: Conversation, cursor: str) -> None:
    assert "María" in text_of(ana.get("/chats/lista", {"before": cursor, "open": "²"}))


# The thread -------------------------------------------------------------------------------------


def test_a_thread_shows_who_wrote_days_ticks_and_reasons(ana: Client, chat: Conversation) -> None:
    user = User.objects.get(username="ana")
    say(chat, "ayer", at=timezone.now() - dt.timedelta(days=1))
    say(chat, "<b>hola</b>")
    say(chat, "soy el bot", direction="out", author="bot", status="read")
    say(chat, "soy Ana", direction="out", author="agent", agent=user, status="delivered")
    say(chat, "desde el celular", direction="out", author="phone_app", status="sent")
    say(chat, "no", direction="out", author="bot", status="failed", error_text="Número bloqueado")
    page = text_of(ana.get(f"/chats/{chat.pk}/"))
    for words in (
        "Ayer",
        "Hoy",
        "&lt;b&gt;hola&lt;/b&gt;",
        "by-bot",
        "by-agent",
        "by-phone_app",
        "Ana",
        "Leído",
        "Entregado",
        "Enviado",
        "No enviado",
        "Número bloqueado",
    ):
        assert words in page
    assert "<b>hola</b>" not in page


def test_reactions_edits_deletions_and_quotes_hang_on_their_message(
    ana: Client, chat: Conversation
) -> None:
    asked = say(chat, "¿Cuándo?", direction="out", author="bot", status="read")
    wrong = say(chat, "el juebes", context_wamid=asked.wamid)
    gone = say(chat, "secreto")
    reaction = {"reaction": {"message_id": asked.wamid, "emoji": "👍"}}
    say(chat, "👍", kind="reaction", context_wamid=asked.wamid, payload=reaction)
    edit = {"edit": {"message": {"type": "text", "text": {"body": "el jueves"}}}}
    say(chat, "", kind="edit", context_wamid=wrong.wamid, payload=edit)
    say(chat, "", kind="revoke", context_wamid=gone.wamid, payload={})
    bubbles = ana.get(f"/chats/{chat.pk}/").context["bubbles"]
    found = {bubble.message.pk: bubble for bubble in bubbles}
    assert [reaction.emoji for reaction in found[asked.pk].reactions] == ["👍"]
    assert found[wrong.pk].text == "el jueves"
    assert found[wrong.pk].quote.text == "¿Cuándo?"
    assert found[gone.pk].revoked
    assert "secreto" not in text_of(ana.get(f"/chats/{chat.pk}/"))


def test_a_reaction_taken_back_disappears(ana: Client, chat: Conversation) -> None:
    asked = say(chat, "hola", direction="out", author="bot", status="read")
    for emoji in ({"emoji": "👍"}, {}):
        payload = {"reaction": {"message_id": asked.wamid, **emoji}}
        say(chat, "", kind="reaction", context_wamid=asked.wamid, payload=payload)
    assert ana.get(f"/chats/{chat.pk}/").context["bubbles"][0].reactions == ()


def test_a_thread_pages_backwards_by_key(ana: Client, chat: Conversation) -> None:
    said = [say(chat, f"mensaje {number}").pk for number in range(130)]
    response = ana.get(f"/chats/{chat.pk}/")
    seen: list[int] = []
    while True:
        seen = [bubble.message.pk for bubble in response.context["bubbles"]] + seen
        older = response.context["older_id"]
        if older is None:
            break
        response = ana.get(f"/chats/{chat.pk}/mensajes", {"before": older})
    assert seen == said


def test_a_late_message_lands_in_its_place(ana: Client, chat: Conversation) -> None:
    now = timezone.now()
    say(chat, "segundo", at=now)
    say(chat, "primero, llegó tarde", at=now - dt.timedelta(minutes=5))
    bubbles = ana.get(f"/chats/{chat.pk}/").context["bubbles"]
    assert [bubble.text for bubble in bubbles] == ["primero, llegó tarde", "segundo"]


def test_only_what_is_newer_is_fetched_together_with_the_head(
    ana: Client, chat: Conversation
) -> None:
    seen = say(chat, "uno")
    say(chat, "dos")
    response = ana.get(f"/chats/{chat.pk}/mensajes", {"after": seen.pk})
    assert [bubble.text for bubble in response.context["bubbles"]] == ["dos"]
    assert "data-head-update" in text_of(response)


def test_a_page_costs_the_same_queries_however_many_messages(
    ana: Client, chat: Conversation, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        say(chat, f"mensaje {number}", context_wamid=f"desconocido-{number}")
    with django_assert_max_num_queries(12, connection=_connection()):
        ana.get(f"/chats/{chat.pk}/mensajes")


def _connection() -> Any:
    from django.db import connections

    return connections["t_acme"]


def test_looking_at_a_chat_marks_it_read(ana: Client, chat: Conversation, meta: FakeMeta) -> None:
    Conversation.objects.filter(pk=chat.pk).update(unread_count=2)
    assert ana.post(f"/chats/{chat.pk}/leido").status_code == 204
    chat.refresh_from_db()
    assert chat.unread_count == 0


# The reply box ----------------------------------------------------------------------------------


def test_a_reply_is_sent_and_silences_the_bot(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    data = {"text": "Hola\r\nMaría", "key": new_key(), "quote": ""}
    response = ana.post(f"/chats/{chat.pk}/responder", data)
    assert response.status_code == 200
    assert [call["text"]["body"] for call in meta.calls] == ["Hola\nMaría"]
    chat.refresh_from_db()
    assert chat.agent_in_charge
    assert "Hola\nMaría" in text_of(response)
    assert "Devolver al bot" in text_of(response)


def test_the_same_form_twice_is_one_message(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    data = {"text": "Hola", "key": new_key(), "quote": ""}
    answers = [ana.post(f"/chats/{chat.pk}/responder", data).status_code for _ in range(2)]
    assert answers == [200, 200]
    assert len(meta.calls) == 1


def test_a_quote_reaches_whatsapp(ana: Client, chat: Conversation, meta: FakeMeta) -> None:
    asked = say(chat, "¿Precio?")
    data = {"text": "10", "key": new_key(), "quote": asked.pk}
    assert ana.post(f"/chats/{chat.pk}/responder", data).status_code == 200
    assert meta.calls[0]["context"] == {"message_id": asked.wamid}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"text": "  "}, "Escribe un mensaje."),
        ({"text": "x" * 4097}, "WhatsApp acepta hasta 4096 caracteres por mensaje."),
        ({"text": "hola", "key": ""}, "Recarga la página"),
        ({"text": "hola", "quote": "999999"}, "El mensaje citado ya no está en este chat."),
    ],
)
def test_a_refused_reply_says_why(
    ana: Client, chat: Conversation, meta: FakeMeta, data: dict[str, str], reason: str
) -> None:
    response = ana.post(f"/chats/{chat.pk}/responder", {"key": new_key(), **data})
    assert response.status_code == 422
    assert reason in text_of(response)
    assert meta.calls == []


def test_a_message_of_another_chat_cannot_be_quoted(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    other = say(make_chat("Otro", "573009998877"), "ajeno")
    data = {"text": "hola", "key": new_key(), "quote": other.pk}
    assert ana.post(f"/chats/{chat.pk}/responder", data).status_code == 422


def test_a_closed_window_disables_the_box_with_the_reason(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    past = timezone.now() - dt.timedelta(minutes=1)
    Conversation.objects.filter(pk=chat.pk).update(window_closes_at=past)
    page = text_of(ana.get(f"/chats/{chat.pk}/"))
    assert re.search(r'<textarea id="reply-text"[^>]* disabled', page)
    assert "Pasaron más de 24 horas" in page
    response = ana.post(f"/chats/{chat.pk}/responder", {"text": "hola", "key": new_key()})
    assert response.status_code == 422
    assert "Pasaron más de 24 horas" in text_of(response)
    assert meta.calls == []


# The bot of a chat ------------------------------------------------------------------------------


def test_a_chat_is_given_back_to_the_bot(ana: Client, chat: Conversation, meta: FakeMeta) -> None:
    Conversation.objects.filter(pk=chat.pk).update(handler="agent")
    response = ana.post(f"/chats/{chat.pk}/devolver", {"step": ""})
    assert response.status_code == 204
    assert json.loads(response.headers["HX-Trigger"]) == {"wa:hint": {"chat": chat.pk}}
    chat.refresh_from_db()
    assert not chat.agent_in_charge


def test_a_chat_is_given_back_at_a_step(ana: Client, chat: Conversation, meta: FakeMeta) -> None:
    Rule.objects.create(step="cotizar", trigger="*", reply="¿Cuántas?")
    publish()
    Conversation.objects.filter(pk=chat.pk).update(handler="agent")
    assert ana.post(f"/chats/{chat.pk}/devolver", {"step": " Cotizar "}).status_code == 204
    assert BotSession.objects.get(pk=chat.pk).step == "cotizar"


def test_an_unknown_step_is_refused(ana: Client, chat: Conversation) -> None:
    Conversation.objects.filter(pk=chat.pk).update(handler="agent")
    response = ana.post(f"/chats/{chat.pk}/devolver", {"step": "nada"})
    assert response.status_code == 422
    assert text_of(response) == "Ninguna regla tiene ese paso."
    chat.refresh_from_db()
    assert chat.agent_in_charge


def test_a_chat_is_finished(ana: Client, chat: Conversation, meta: FakeMeta) -> None:
    Conversation.objects.filter(pk=chat.pk).update(handler="agent")
    assert ana.post(f"/chats/{chat.pk}/finalizar").status_code == 204
    chat.refresh_from_db()
    assert not chat.agent_in_charge
    assert len(meta.calls) == 1


# Pages that others show --------------------------------------------------------------------------


def test_a_missing_page_is_ours_and_spanish(ana: Client) -> None:
    response = ana.get("/no-existe")
    assert response.status_code == 404
    assert "No encontramos esta página" in text_of(response)


def test_every_page_keeps_the_strict_policy(ana: Client, chat: Conversation) -> None:
    policy = ana.get(f"/chats/{chat.pk}/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_refused_token_is_told_above_the_chats_until_it_changes(
    ana: Client, acme: Tenant
) -> None:
    error = GraphError(explain(190), action=Action.TOKEN, code=190)
    numbers.pause("111", error)
    assert explain(190) in text_of(ana.get("/"))
    acme.meta_token = "T1-nuevo"
    acme.save()
    assert explain(190) not in text_of(ana.get("/"))


def test_an_admin_tries_a_paused_number_again_and_what_waited_leaves(
    ana: Client, acme: Tenant, meta: FakeMeta
) -> None:
    numbers.pause("111", GraphError(explain(190), action=Action.TOKEN, code=190))
    chat = make_chat("María", "573001112233")
    reply = {"text": "Ya te ayudo", "key": str(uuid.uuid4())}
    assert ana.post(f"/chats/{chat.pk}/responder", reply).status_code == 200
    assert meta.calls == []
    assert ana.post("/numeros/111/reintentar").status_code == 302
    assert [call["text"]["body"] for call in meta.calls] == ["Ya te ayudo"]
    assert explain(190) not in text_of(ana.get("/"))


def test_only_admins_try_a_number_again(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        make_user("luis")
    assert log_in("acme", "luis").post("/numeros/111/reintentar").status_code == 403
