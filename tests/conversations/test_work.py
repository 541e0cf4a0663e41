"""The work on chats through its doors: who has them, their state, labels, sleep, who is there."""

import datetime as dt
import json
from typing import Any

import pytest
from django.utils import timezone

from conversations import presence, snoozing
from conversations.assigning import assign
from conversations.models import AgentDesk, Conversation, Label, Mention, Message
from conversations.notes import write
from conversations.services import reply_as_agent
from tenants.models import Role, Tenant, User
from tenants.sessions import SessionStore, open_cookie
from tests.conversations.test_views import log_in, make_chat, make_user
from tests.meta import FakeMeta
from whapco.lib import bus


@pytest.fixture
def ana(acme: Tenant) -> User:
    return make_user("ana", Role.ADMIN)


@pytest.fixture
def luis(acme: Tenant) -> User:
    return make_user("luis", "ventas")


@pytest.fixture
def chat(acme: Tenant) -> Conversation:
    return make_chat("María", "573001112233")


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[bus.Hint]:
    """What open pages would hear, in order."""
    heard: list[bus.Hint] = []
    publish = bus.bus.publish
    monkeypatch.setattr(bus, "publish", lambda to, hint: (heard.append(hint), publish(to, hint)))
    return heard


def events(chat: Conversation) -> list[str]:
    rows = chat.messages.filter(kind="event").order_by("pk")
    return [row.payload["event"] for row in rows]


def told(response: Any) -> dict[str, Any]:
    return dict(json.loads(response["HX-Trigger"])["wa:done"])


def test_whoever_has_the_chat_is_changed_and_told_once(
    ana: User, luis: User, chat: Conversation
) -> None:
    door = log_in("acme", "ana")
    for person in (ana, luis, luis):
        response = door.post(f"/chats/{chat.pk}/asignar", {"asesor": person.pk})
        assert response.status_code == 204
    chat.refresh_from_db()
    assert chat.assigned_to == luis
    assert door.post(f"/chats/{chat.pk}/asignar", {"asesor": ""}).status_code == 204
    assert events(chat) == ["taken", "assigned", "unassigned"]


@pytest.mark.parametrize("data", [{"asesor": "9" * 30}, {"asesor": "x"}, {"rol": "0"}])
def test_a_person_or_role_that_is_not_there_is_refused_in_spanish(
    ana: User, chat: Conversation, data: dict[str, str]
) -> None:
    assign([chat], ana, agent=ana)
    response = log_in("acme", "ana").post(f"/chats/{chat.pk}/asignar", data)
    assert response.status_code == 422
    assert response.content.decode() == "Ese asesor o rol ya no está."
    chat.refresh_from_db()
    assert chat.assigned_to == ana


def test_an_agent_who_gives_away_the_chat_loses_it_from_the_screen(
    luis: User, chat: Conversation
) -> None:
    role = Role.objects.create(keyword="soporte", name="Soporte")
    assign([chat], luis, agent=luis)
    door = log_in("acme", "luis")
    response = door.post(f"/chats/{chat.pk}/asignar", {"rol": role.pk})
    assert response["HX-Retarget"] == "#chat"
    assert told(response)["text"] == "Chat pasado a Soporte: ya no lo verás en tu lista."
    assert door.get(f"/chats/{chat.pk}/").status_code == 404
    chat.refresh_from_db()
    assert (chat.assigned_to, list(chat.roles.all())) == (None, [role])


def test_a_state_is_taken_back_with_its_sleep_unless_a_colleague_was_there(
    ana: User, chat: Conversation
) -> None:
    until = timezone.now() + dt.timedelta(hours=3)
    snoozing.snooze(chat, until, agent=ana)
    door, url = log_in("acme", "ana"), f"/chats/{chat.pk}/estado"
    back = told(door.post(url, {"estado": "resolved"}))["back"]
    chat.refresh_from_db()
    assert (chat.state, chat.snoozed_until) == ("resolved", None)
    door.post(url, back)
    chat.refresh_from_db()
    assert (chat.state, chat.snoozed_until) == ("open", until)
    door.post(url, {"estado": "pending"})
    assert told(door.post(url, back))["text"] == "Un colega ya lo cambió."
    chat.refresh_from_db()
    assert chat.state == "pending"
    assert door.post(url, {"estado": "<x>"}).status_code == 422


def test_a_label_is_one_however_it_is_written(ana: User, chat: Conversation) -> None:
    door, url = log_in("acme", "ana"), f"/chats/{chat.pk}/etiquetas"
    for name in ("Cotización", " cotización  "):
        response = door.post(url, {"nombre": name, "color": "red"})
        assert response.status_code == 200
    (label,) = Label.objects.all()
    assert (label.name, label.colour, list(chat.labels.all())) == ("Cotización", "red", [label])
    for _twice in range(2):
        door.post(url, {"quitar": label.pk})
    assert events(chat) == ["labelled", "unlabelled"]
    for bad in ({"nombre": " "}, {"nombre": "x" * 41}, {"nombre": "a", "color": "#f00"}):
        assert door.post(url, {"color": "red"} | bad).status_code == 422
    assert door.post(url, {"poner": "9" * 40}).status_code == 422


def test_a_chat_that_is_put_off_wakes_when_its_time_has_come(ana: User, chat: Conversation) -> None:
    door, url = log_in("acme", "ana"), f"/chats/{chat.pk}/posponer"
    for bad in ("", "nunca", "2020-01-01T08:00", "9999-12-31T23:59", "0001-01-01T00:00+14:00"):
        assert door.post(url, {"hasta": bad}).status_code == 422, bad
    until = timezone.now() + dt.timedelta(hours=1)
    assert door.post(url, {"hasta": until.isoformat()}).status_code == 204
    assert snoozing.wake_due() is True
    Conversation.objects.update(snoozed_until=timezone.now())
    assert snoozing.wake_due() is False
    chat.refresh_from_db()
    assert chat.snoozed_until is None
    assert events(chat) == ["snoozed", "woken"]


@pytest.mark.parametrize("takes", [True, False])
def test_whether_the_first_reply_takes_the_chat_is_the_companys_choice(
    ana: User, chat: Conversation, meta: FakeMeta, settings: Any, takes: bool, acme: Tenant
) -> None:
    acme.metadata = {"env": {"ASSIGN_ON_REPLY": "1" if takes else "0"}}
    acme.__dict__.pop("config", None)
    reply_as_agent(chat, "hola", agent=ana)
    chat.refresh_from_db()
    assert chat.agent_in_charge
    assert chat.assigned_to == (ana if takes else None)
    assert events(chat) == (["bot_paused", "taken"] if takes else ["bot_paused"])


def test_of_two_who_reply_at_once_the_first_keeps_the_chat(
    ana: User, luis: User, chat: Conversation, meta: FakeMeta
) -> None:
    stale = Conversation.objects.get(pk=chat.pk)
    reply_as_agent(chat, "yo", agent=ana)
    reply_as_agent(stale, "no, yo", agent=luis)
    chat.refresh_from_db()
    assert chat.assigned_to == ana


# Who is there -----------------------------------------------------------------------------------


def test_a_beat_writes_and_tells_only_what_is_new(
    ana: User, chat: Conversation, hints: list[bus.Hint], django_assert_num_queries: Any
) -> None:
    other = make_chat("Beto", "573001112244")
    assert presence.beat(ana, chat) is True
    hints.clear()
    before = AgentDesk.objects.values().get()
    for _beat in range(3):
        assert presence.beat(ana, chat) is False
    assert AgentDesk.objects.values().get() == before
    assert hints == []
    presence.beat(ana, chat, is_typing=True)
    presence.beat(ana, chat, is_typing=True)
    assert hints == [{"chat": chat.pk, "last": 0, "presence": True}]
    presence.beat(ana, other)
    assert {hint["chat"] for hint in hints[1:]} == {chat.pk, other.pk}


def test_colleagues_are_seen_until_they_leave_or_fall_silent(
    ana: User, luis: User, chat: Conversation
) -> None:
    presence.beat(ana, chat, is_typing=True)
    assert presence.others_at(chat, ana) == []
    assert presence.others_at(chat, luis) == [presence.Colleague("Ana", is_typing=True)]
    long_ago = timezone.now() - presence.TYPING
    AgentDesk.objects.update(typing_at=long_ago)
    assert presence.others_at(chat, luis) == [presence.Colleague("Ana", is_typing=False)]
    AgentDesk.objects.update(seen_at=timezone.now() - presence.VIEWING)
    assert presence.others_at(chat, luis) == []
    presence.beat(ana, chat)
    assert log_in("acme", "ana").post(f"/chats/{chat.pk}/presencia", {"sale": "1"}).content == b""
    assert presence.others_at(chat, luis) == []


def test_a_page_that_says_where_it_is_keeps_no_session_alive(
    ana: User, chat: Conversation, settings: Any
) -> None:
    door = log_in("acme", "ana")
    cookie = open_cookie(door.cookies[settings.SESSION_COOKIE_NAME].value)
    assert cookie is not None
    session = SessionStore(cookie.session_key)
    session["renewed_at"] = 1.0
    session.save()
    door.post(f"/chats/{chat.pk}/presencia", headers={"X-Background": "1"})
    assert SessionStore(cookie.session_key)["renewed_at"] == 1.0
    door.get(f"/chats/{chat.pk}/presencia")
    assert SessionStore(cookie.session_key)["renewed_at"] > 1.0


def test_mentions_are_listed_for_who_may_see_their_chat(
    ana: User, luis: User, chat: Conversation
) -> None:
    write(chat, "@luis mira", agent=ana)
    door = log_in("acme", "luis")
    assert "@luis mira" in door.get("/menciones?lista=1").content.decode()
    assert "1" in door.get("/menciones").content.decode()
    (mention,) = Mention.objects.all()
    assert log_in("acme", "ana").post("/menciones/vistas").status_code == 204
    assert Mention.objects.filter(seen_at=None).exists()
    assert door.post("/menciones/vistas", {"mencion": mention.pk}).status_code == 204
    assert not Mention.objects.filter(seen_at=None).exists()
    assign([chat], ana, agent=ana)
    assert "@luis mira" not in door.get("/menciones?lista=1").content.decode()


def test_no_event_is_ever_sent_to_the_contact(
    ana: User, chat: Conversation, meta: FakeMeta
) -> None:
    door = log_in("acme", "ana")
    for verb, data in (
        ("asignar", {"asesor": ana.pk}),
        ("pausar", {}),
        ("estado", {"estado": "pending"}),
    ):
        assert door.post(f"/chats/{chat.pk}/{verb}", data).status_code == 204
    assert events(chat) == ["taken", "bot_paused", "state"]
    assert not Message.objects.exclude(direction="own").exists()
    assert meta.calls == []
