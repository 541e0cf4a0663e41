"""What agents write, through its real doors: notes, later messages, quick replies, options."""

import datetime as dt
import json
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from conversations import scheduled
from conversations.models import (
    Conversation,
    Draft,
    Mention,
    Message,
    QuickReply,
    QuickReplyMedia,
    ScheduledMessage,
)
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conversations.test_views import ana, log_in, make_chat, make_user, say
from tests.meta import FakeMeta

__all__ = ["ana"]


@pytest.fixture
def chat(acme: Tenant, meta: FakeMeta) -> Conversation:
    return make_chat("Juan Pérez", "573001112233")


def post(client: Client, chat: Conversation, path: str, **data: Any) -> Any:
    return client.post(f"/chats/{chat.pk}/{path}", {"key": str(uuid.uuid4()), **data})


def close_window(chat: Conversation) -> None:
    chat.window_closes_at = timezone.now() - dt.timedelta(minutes=1)
    chat.save()


def local(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M:%S}"


def in_hours(hours: float) -> dt.datetime:
    return timezone.now() + dt.timedelta(hours=hours)


def sent(meta: FakeMeta) -> list[Any]:
    return [body for body in meta.calls if body.get("type")]


# Notes and drafts -------------------------------------------------------------------------------


def test_a_note_stays_among_colleagues(ana: Client, chat: Conversation, meta: FakeMeta) -> None:
    page = post(ana, chat, "nota", text="Ojo: es el cliente de ayer").content.decode()
    assert "es el cliente de ayer" in page
    note = chat.messages.get()
    assert (note.kind, note.direction, note.status) == ("note", "own", "kept")
    assert not sent(meta)
    chat.refresh_from_db()
    assert not chat.agent_in_charge


def test_a_note_sent_twice_is_one(ana: Client, chat: Conversation) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        assert post(ana, chat, "nota", text="Una vez", key=key).status_code == 200
    assert chat.messages.count() == 1


def test_a_note_calls_those_it_mentions_who_may_see_the_chat(
    ana: Client, chat: Conversation
) -> None:
    beto = make_user("beto", "asesor")
    make_user("caro", "asesor")
    chat.assigned_to = beto
    chat.save()
    post(ana, chat, "nota", text="@Beto mira esto. @caro no lo ve, correo@beto.co tampoco cuenta")
    assert list(Mention.objects.values_list("user__username", flat=True)) == ["beto"]
    names = [one["name"] for one in json.loads(ana.get(f"/chats/{chat.pk}/colegas").content)]
    assert "beto" in names
    assert "caro" not in names


def test_an_empty_note_is_refused(ana: Client, chat: Conversation) -> None:
    assert post(ana, chat, "nota", text="  ").status_code == 422
    assert post(ana, chat, "nota", text="a" * 4097).status_code == 422


def test_a_draft_is_of_one_agent_in_one_chat(ana: Client, chat: Conversation) -> None:
    assert post(ana, chat, "borrador", text="Hola, le cuen").status_code == 204
    assert "Hola, le cuen" in ana.get(f"/chats/{chat.pk}/").content.decode()
    make_user("beto", "admin")
    beto = log_in("acme", "beto")
    assert "Hola, le cuen" not in beto.get(f"/chats/{chat.pk}/").content.decode()
    post(ana, chat, "borrador", text="")
    assert not Draft.objects.exists()


# Later ------------------------------------------------------------------------------------------


def test_a_message_for_later_leaves_at_its_time_once(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        post(ana, chat, "programados", text="Buenos días", at=local(in_hours(2)), key=key)
    row = ScheduledMessage.objects.get()
    assert scheduled.send_due()
    assert not sent(meta)
    ScheduledMessage.objects.update(send_at=timezone.now())
    scheduled.send_due()
    assert not scheduled.send_due()
    assert [body["text"]["body"] for body in sent(meta)] == ["Buenos días"]
    row.refresh_from_db()
    assert row.message is not None
    assert str(row.message.send_key) == key
    chat.refresh_from_db()
    assert chat.agent_in_charge


def test_one_that_the_window_will_keep_from_leaving_is_asked_about(
    ana: Client, chat: Conversation
) -> None:
    data = {"text": "Hola", "at": local(in_hours(30))}
    asked = post(ana, chat, "programados", **data)
    assert asked.status_code == 422
    assert "24 horas" in asked.content.decode()
    assert not ScheduledMessage.objects.exists()
    assert post(ana, chat, "programados", sure="1", **data).status_code == 200
    assert ScheduledMessage.objects.count() == 1


def test_one_that_finds_the_window_closed_says_so_and_is_not_lost(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    post(ana, chat, "programados", text="Hola", at=local(in_hours(1)))
    close_window(chat)
    ScheduledMessage.objects.update(send_at=timezone.now())
    scheduled.send_due()
    assert not sent(meta)
    page = ana.get(f"/chats/{chat.pk}/").content.decode()
    assert "Un mensaje programado no se envió" in page
    chat.refresh_from_db()
    assert chat.attention == "programado_sin_enviar"


def test_it_can_be_changed_and_cancelled_until_it_leaves(ana: Client, chat: Conversation) -> None:
    post(ana, chat, "programados", text="Hola", at=local(in_hours(1)))
    row = ScheduledMessage.objects.get()
    path = f"programados/{row.pk}"
    post(ana, chat, path, text="Hola de nuevo", at=local(in_hours(3)))
    row.refresh_from_db()
    assert row.body == row.payload["text"]["body"] == "Hola de nuevo"
    assert post(ana, chat, path, cancel="1").status_code == 200
    assert post(ana, chat, path, cancel="1").status_code == 422
    assert not scheduled.send_due()


@pytest.mark.parametrize(
    "at", ["", "ayer", "2020-01-01T10:00", "2026-99-99T10:00", "2999-01-01T10:00"]
)
def test_a_time_that_is_none_is_refused(ana: Client, chat: Conversation, at: str) -> None:
    assert post(ana, chat, "programados", text="Hola", at=at).status_code == 422
    assert not ScheduledMessage.objects.exists()


# Quick replies ----------------------------------------------------------------------------------


def test_a_quick_reply_comes_filled_in(ana: Client, chat: Conversation) -> None:
    QuickReply.objects.create(name="Saludo", message="Hola {{nombre}}, soy {{ asesor }}.")
    (one,) = json.loads(ana.get(f"/chats/{chat.pk}/respuestas").content)
    assert one["text"] == "Hola Juan, soy Ana."
    assert one["sends"] is False


def test_one_with_files_and_buttons_is_sent_whole_and_once(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    options = [{"id": "si", "title": "Sí"}, {"id": "no", "title": "No"}]
    reply = QuickReply.objects.create(
        name="Catálogo", message="¿Te interesa, {{nombre}}?", kind="boton", options=options
    )
    QuickReplyMedia.objects.create(quick_reply=reply, url="https://a.co/catalogo.pdf")
    key = str(uuid.uuid4())
    for _ in range(2):
        answer = post(ana, chat, f"respuestas/{reply.pk}", key=key)
        assert answer.status_code == 200
    assert [body["type"] for body in sent(meta)] == ["document", "interactive"]
    assert sent(meta)[1]["interactive"]["body"]["text"] == "¿Te interesa, Juan?"
    close_window(chat)
    assert post(ana, chat, f"respuestas/{reply.pk}").status_code == 422


# Buttons and lists ------------------------------------------------------------------------------


def test_buttons_and_lists_are_built_and_sent(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    menu = {"kind": "buttons", "body": "¿Confirmas?", "titles": ["Sí", "", "No"]}
    assert post(ana, chat, "opciones", menu=json.dumps(menu)).status_code == 200
    rows = [{"title": "Bogotá", "description": "Sede norte"}, {"title": "Cali"}, {"title": ""}]
    sections = [{"title": "", "rows": rows}]
    menu = {"kind": "list", "body": "Elige", "button": "Ver", "sections": sections}
    assert post(ana, chat, "opciones", menu=json.dumps(menu)).status_code == 200
    buttons, listed = (body["interactive"] for body in sent(meta))
    assert [one["reply"]["id"] for one in buttons["action"]["buttons"]] == ["si", "no"]
    assert [row["id"] for row in listed["action"]["sections"][0]["rows"]] == ["bogota", "cali"]


@pytest.mark.parametrize(
    "menu",
    [
        "",
        "{",
        "[" * 9_000,
        '{"body": "x"}',
        '{"kind": "buttons", "body": "", "titles": ["a"]}',
        json.dumps({"kind": "buttons", "body": "x", "titles": ["a", "b", "c", "d"]}),
        json.dumps({"kind": "buttons", "body": "x", "titles": ["a" * 21]}),
        json.dumps({"kind": "buttons", "body": "x", "titles": ["a", "a"]}),
        json.dumps({"kind": "buttons", "body": "x" * 1025, "titles": ["a"]}),
        json.dumps(
            {
                "kind": "list",
                "body": "x",
                "sections": [{"rows": [{"title": str(n)} for n in range(11)]}],
            }
        ),
        json.dumps({"kind": "list", "body": "x", "sections": [{"rows": [{"title": "a" * 25}]}]}),
        json.dumps(
            {
                "kind": "list",
                "body": "x",
                "sections": [{"rows": [{"title": "a"}]}, {"rows": [{"title": "b"}]}],
            }
        ),
        json.dumps({"kind": "list", "body": "x", "sections": {"rows": 5}}),
    ],
)
def test_what_whatsapp_would_refuse_is_refused_with_a_sentence(
    ana: Client, chat: Conversation, meta: FakeMeta, menu: str
) -> None:
    answer = post(ana, chat, "opciones", menu=menu)
    assert answer.status_code == 422
    assert len(answer.content.decode().strip()) > 10
    assert not chat.messages.exists()


# Reactions, forwarding, two agents --------------------------------------------------------------


def test_a_reaction_hangs_on_its_message(ana: Client, chat: Conversation, meta: FakeMeta) -> None:
    theirs = say(chat, "Gracias")
    page = post(ana, chat, f"mensajes/{theirs.pk}/reaccion", emoji="👍").content.decode()
    assert "👍" in page
    assert sent(meta)[0]["reaction"] == {"message_id": theirs.wamid, "emoji": "👍"}
    assert post(ana, chat, f"mensajes/{theirs.pk}/reaccion", emoji="👍" * 20).status_code == 422
    close_window(chat)
    assert post(ana, chat, f"mensajes/{theirs.pk}/reaccion", emoji="❤️").status_code == 422


def test_a_message_is_forwarded_to_chats_that_may_be_written_to(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    theirs = say(chat, "La dirección es Calle 5")
    open_chat = make_chat("Marta", "573002223344")
    closed = make_chat("Luis", "573003334455", window_closes_at=timezone.now() - dt.timedelta(1))
    key = str(uuid.uuid4())
    for _ in range(2):
        page = post(
            ana, chat, f"mensajes/{theirs.pk}/reenviar", to=[open_chat.pk, closed.pk], key=key
        )
    assert "Reenviado a un chat" in page.content.decode()
    assert "Luis" in page.content.decode()
    assert [body["to"] for body in sent(meta)] == ["573002223344"]
    assert not closed.messages.exists()


def test_nothing_is_forwarded_to_a_chat_out_of_sight(
    ana: Client, acme: Tenant, chat: Conversation
) -> None:
    theirs = say(chat, "Hola")
    make_user("beto", "ventas")
    hidden = make_chat("Marta", "573002223344", assigned_to=make_user("caro", "asesor"))
    with tenant_context(acme):
        beto = log_in("acme", "beto")
    assert post(beto, chat, f"mensajes/{theirs.pk}/reenviar", to=[hidden.pk]).status_code == 422
    assert not hidden.messages.exists()


def test_an_answer_that_crosses_a_colleagues_is_asked_about(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    beto = make_user("beto", "admin")
    theirs = say(chat, "Hola")
    say(chat, "Ya te ayudo", direction="out", author="agent", agent=beto, status="sent")
    answer = post(ana, chat, "responder", text="Hola, soy Ana", seen=str(theirs.pk))
    assert answer.status_code == 422
    assert "Beto acaba de responder" in answer.content.decode()
    assert not sent(meta)
    answer = post(ana, chat, "responder", text="Hola, soy Ana", seen=str(theirs.pk), sure="1")
    assert answer.status_code == 200
    assert len(sent(meta)) == 1


def test_another_companys_messages_are_not_there(
    ana: Client, chat: Conversation, companies: SimpleNamespace
) -> None:
    for path in ("nota", "borrador", "programados", "opciones", "colegas", "respuestas"):
        answer = ana.post(f"/chats/{chat.pk + 1000}/{path}")
        assert answer.status_code in (404, 405)
    assert Message.objects.filter(conversation=chat).count() == 0


# Files --------------------------------------------------------------------------------------------


def upload(client: Client, chat: Conversation, name: str = "lista.txt") -> int:
    file = SimpleUploadedFile(name, b"precios de hoy\n" * 9, "text/plain")
    answer = client.post(f"/chats/{chat.pk}/archivos", {"file": file})
    assert answer.status_code == 200
    return int(answer.json()["id"])


def test_files_are_sent_once_in_order_with_their_words(
    ana: Client, chat: Conversation, meta: FakeMeta
) -> None:
    first, second = upload(ana, chat, "b.txt"), upload(ana, chat, "a.txt")
    data = {"file": [first, second], f"caption-{second}": "Segunda", "key": str(uuid.uuid4())}
    for _ in range(2):
        assert post(ana, chat, "archivos/enviar", **data).status_code == 200
    documents = [body["document"] for body in sent(meta)]
    assert [one["filename"] for one in documents] == ["b.txt", "a.txt"]
    assert documents[1]["caption"] == "Segunda"


def test_nobody_sends_what_another_uploaded_nor_into_another_chat(
    ana: Client, chat: Conversation
) -> None:
    file = upload(ana, chat)
    make_user("beto", "admin")
    beto = log_in("acme", "beto")
    assert post(beto, chat, "archivos/enviar", file=[file]).status_code == 422
    other = make_chat("Marta", "573002223344")
    assert post(ana, other, "archivos/enviar", file=[file]).status_code == 422
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.parametrize("file", [[], ["x"], ["9" * 30], [str(n) for n in range(31)]])
def test_a_list_of_files_that_is_none_is_refused(
    ana: Client, chat: Conversation, file: list[str]
) -> None:
    assert post(ana, chat, "archivos/enviar", file=file).status_code == 422


def test_all_files_are_queued_or_none(ana: Client, chat: Conversation) -> None:
    first, second = upload(ana, chat), upload(ana, chat)
    data = {"file": [first, second], f"caption-{second}": "a" * 1025}
    assert post(ana, chat, "archivos/enviar", **data).status_code == 422
    assert not chat.messages.exists()
    close_window(chat)
    assert post(ana, chat, "archivos/enviar", file=[first]).status_code == 422
