"""The chat list: what each filter shows, what a page costs, and acts on many chats."""

import datetime as dt
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import chat_filters, chat_rows
from conversations.chat_filters import ChatFilter
from conversations.models import Conversation, Draft, Label, Pin
from tenants.models import Role, Tenant, User
from tests.conversations.test_views import log_in, make_chat, make_user, say, text_of

NOW = timezone.now()


@pytest.fixture
def ana(acme: Tenant) -> User:
    return make_user("ana", Role.ADMIN)


@pytest.fixture
def door(ana: User) -> Client:
    return log_in("acme", "ana")


def listed(user: User, **asked: str) -> set[str]:
    chosen = ChatFilter.read(asked)
    return {str(chat.contact) for chat in chat_rows.page_of(user, chosen).chats}


@pytest.fixture
def chats(ana: User) -> dict[str, Conversation]:
    """One of every kind, named after what it is."""
    luis = make_user("luis")
    hours = {n: NOW + dt.timedelta(hours=n) for n in (1, 20)}
    kinds: dict[str, dict[str, Any]] = {
        "mine": {"assigned_to": ana},
        "luis": {"assigned_to": luis, "unread_count": 3},
        "pending": {"state": "pending"},
        "resolved": {"state": "resolved"},
        "snoozed": {"snoozed_until": hours[1]},
        "woken": {"snoozed_until": NOW - dt.timedelta(hours=1)},
        "closing": {"window_closes_at": hours[1]},
        "flagged": {"attention": "sin_regla"},
        "old": {"last_message_at": dt.datetime(2024, 5, 12, 12, tzinfo=dt.UTC)},
        "labelled": {},
    }
    made = {
        n: make_chat(n, f"57300{i:07d}", **values) for i, (n, values) in enumerate(kinds.items())
    }
    made["labelled"].labels.add(Label.objects.create(name="VIP"))
    return made


def usual(*without: str) -> set[str]:
    names = ["mine", "luis", "pending", "woken", "closing", "flagged", "old", "labelled"]
    return set(names) - set(without)


def test_each_tab_and_filter_shows_its_chats(ana: User, chats: dict[str, Conversation]) -> None:
    luis, label = User.objects.get(username="luis"), Label.objects.get()
    expected = [
        ({}, usual()),
        ({"vista": "mios"}, {"mine"}),
        ({"vista": "sin_asignar"}, usual("mine", "luis")),
        ({"estado": "pending"}, {"pending"}),
        ({"estado": "open"}, usual("pending")),
        ({"estado": "resolved"}, {"resolved"}),
        ({"estado": "pospuestos"}, {"snoozed"}),
        ({"estado": "cualquiera"}, usual() | {"resolved", "snoozed"}),
        ({"etiqueta": str(label.pk)}, {"labelled"}),
        ({"asesor": str(luis.pk)}, {"luis"}),
        ({"sin_leer": "1"}, {"luis"}),
        ({"por_cerrar": "1"}, {"closing"}),
        ({"atencion": "1"}, {"flagged"}),
        ({"hasta": "2024-05-12"}, {"old"}),
        ({"hasta": "2024-05-11"}, set()),
        ({"desde": "2024-05-13"}, usual("old")),
        ({"desde": "2024-05-12", "hasta": "2024-05-12"}, {"old"}),
        ({"vista": "mios", "sin_leer": "1"}, set()),
    ]
    found = [(asked, listed(ana, **asked)) for asked, _ in expected]
    assert found == expected


def test_tabs_count_what_they_show_with_the_filters(
    ana: User, chats: dict[str, Conversation]
) -> None:
    for asked in ({}, {"estado": "cualquiera"}, {"sin_leer": "1"}):
        counts = chat_rows.counts(ana, ChatFilter.read(asked))
        shown = {tab: len(listed(ana, **asked, vista=tab)) for tab in chat_filters.TABS}
        assert counts == shown


@pytest.mark.parametrize("everybody", [True, False])
@pytest.mark.parametrize("few", [0, 1_000])
def test_an_agents_list_and_counts_are_what_they_may_see(
    chats: dict[str, Conversation], monkeypatch: Any, settings: Any, few: int, everybody: bool
) -> None:
    """However the rows are found: by their ids, or each asked along the index."""
    monkeypatch.setattr(chat_rows, "FEW", few)
    settings.AGENTS_SEE_UNASSIGNED = everybody
    sonia = make_user("sonia", "ventas")
    chats["flagged"].roles.add(Role.objects.get(keyword="ventas"))
    chats["old"].roles.add(Role.objects.create(keyword="soporte", name="Soporte"))
    Conversation.objects.filter(pk=chats["closing"].pk).update(assigned_to=sonia)
    seen = {str(chat.contact) for chat in Conversation.objects.visible_to(sonia)}
    assert listed(sonia) == seen & usual()
    assert chat_rows.counts(sonia, ChatFilter())["todos"] == len(seen & usual())


@pytest.mark.parametrize(
    "asked",
    [
        {"vista": "x", "estado": "'", "etiqueta": "-1", "asesor": "9" * 40},
        {"desde": "2024-02-31", "hasta": "ayer", "sin_leer": "sí"},
        {"desde": "0001-01-01", "hasta": "9999-12-31"},
    ],
)
def test_filters_that_make_no_sense_count_as_not_there(asked: dict[str, str]) -> None:
    assert ChatFilter.read(asked) == ChatFilter()


def test_filters_travel_in_an_address_and_come_back(door: Client) -> None:
    asked = {"vista": "mios", "estado": "resolved", "desde": "2024-05-12", "sin_leer": "1"}
    chosen = ChatFilter.read(asked)
    assert {name: values[0] for name, values in parse_qs(chosen.query).items()} == asked
    door.get("/chats/lista", asked)
    assert chat_filters.of_cookie(door.cookies["wa_chats"].value) == chosen
    assert 'value="mios" checked' in text_of(door.get("/"))


@pytest.mark.parametrize(
    "cookie", ["\x00", "vista=" + "a" * 5000, "%ff%fe=&&==", "estado=resolved&estado=x"]
)
def test_a_cookie_that_somebody_wrote_breaks_nothing(door: Client, cookie: str) -> None:
    door.cookies["wa_chats"] = cookie
    assert door.get("/").status_code == 200


def test_pins_come_first_once_and_only_for_who_pinned(ana: User, acme: Tenant) -> None:
    other = make_user("eva", Role.ADMIN)
    made = [
        make_chat(f"{n:03d}", f"5731{n:08d}", last_message_at=NOW - dt.timedelta(minutes=n))
        for n in range(chat_rows.PAGE + 10)
    ]
    Pin.objects.create(user=ana, conversation=made[-1])
    first = chat_rows.page_of(ana, ChatFilter())
    second = chat_rows.page_of(ana, ChatFilter(), first.more)
    names = [str(chat.contact) for chat in (*first.chats, *second.chats)]
    assert names[0] == str(made[-1].contact)
    assert sorted(names) == [str(chat.contact) for chat in made]
    assert second.more is None
    assert str(chat_rows.page_of(other, ChatFilter()).chats[0].contact) == "000"


def test_a_row_shows_its_draft_to_its_writer_alone(ana: User, acme: Tenant) -> None:
    chat = make_chat("María", "573001112233")
    Draft.objects.create(user=ana, conversation=chat, text="buenas tard")
    make_user("eva", Role.ADMIN)
    assert "Borrador:" in text_of(log_in("acme", "ana").get("/chats/lista"))
    assert "Borrador:" not in text_of(log_in("acme", "eva").get("/chats/lista"))


def test_a_list_of_many_costs_the_statements_of_a_list_of_few(
    door: Client, ana: User, acme: Tenant
) -> None:
    def cost() -> list[str]:
        connections[acme.alias].queries_log.clear()  # each request empties it
        with CaptureQueriesContext(connections[acme.alias]) as caught:
            assert door.get("/chats/lista").status_code == 200
        return [query["sql"] for query in caught.captured_queries]

    chat = make_chat("uno", "573000000001")
    say(chat, "hola")
    few = cost()
    for number in range(30):
        say(make_chat(f"Chat {number}", f"5732{number:08d}"), "hola")
    assert len(cost()) == len(few) <= 13, few


# Acts on many -----------------------------------------------------------------------------------


def post(door: Client, action: str, value: object, *chats: Conversation) -> Any:
    ids = ",".join(str(chat.pk) for chat in chats)
    return door.post("/chats/varios", {"accion": action, "valor": value, "chats": ids})


def test_many_chats_are_assigned_labelled_and_closed_and_each_is_undone(
    door: Client, ana: User, chats: dict[str, Conversation]
) -> None:
    luis, label = User.objects.get(username="luis"), Label.objects.get()
    some = [chats["mine"], chats["luis"], chats["labelled"]]

    def state() -> list[tuple[Any, ...]]:
        found = Conversation.objects.filter(pk__in=[c.pk for c in some]).order_by("pk")
        return [(c.assigned_to_id, c.state, list(c.labels.all())) for c in found]

    before = state()
    for action, value, count in (
        ("asignar", luis.pk, 2),
        ("asignar", "", 2),
        ("etiqueta", label.pk, 2),
        ("estado", "resolved", 3),
    ):
        done = post(door, action, value, *some).json()
        assert done["text"].startswith(f"{count} chats")
        assert state() != before
        assert door.post("/chats/varios/deshacer", {"ficha": done["undo"]}).status_code == 200
        assert state() == before
    assert chats["mine"].messages.filter(kind="event").count() == 8


def test_an_undo_leaves_alone_what_somebody_changed_since(
    door: Client, chats: dict[str, Conversation]
) -> None:
    undo = post(door, "estado", "resolved", chats["mine"], chats["luis"]).json()["undo"]
    Conversation.objects.filter(pk=chats["luis"].pk).update(state="pending")
    door.post("/chats/varios/deshacer", {"ficha": undo})
    states = Conversation.objects.in_bulk([chats["mine"].pk, chats["luis"].pk])
    assert [chat.state for chat in states.values()] == ["open", "pending"]


def test_an_undo_is_for_who_did_it_and_no_other_company(
    door: Client, chats: dict[str, Conversation]
) -> None:
    make_user("eva", Role.ADMIN)
    undo = post(door, "estado", "resolved", chats["mine"]).json()["undo"]
    for token in (undo, undo[:-3] + "abc", "", "x" * 9000):
        refused = log_in("acme", "eva").post("/chats/varios/deshacer", {"ficha": token})
        assert refused.status_code == 422
    assert Conversation.objects.get(pk=chats["mine"].pk).state == "resolved"


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("borrar", ""),
        ("asignar", "999"),
        ("asignar", "x"),
        ("asignar", "9" * 50),
        ("estado", "x"),
        ("etiqueta", "0"),
        ("etiqueta", "²"),
        ("estado", ""),
    ],
)
def test_an_act_that_nobody_offers_is_refused_in_spanish(
    door: Client, chats: dict[str, Conversation], action: str, value: str
) -> None:
    answer = post(door, action, value, chats["mine"])
    assert answer.status_code == 422
    assert answer.json()["text"].endswith((".", "ya no está."))


def test_chats_out_of_sight_and_too_many_are_left_alone(chats: dict[str, Conversation]) -> None:
    make_user("sonia", "ventas")
    sonia = log_in("acme", "sonia")
    assert "No había nada" in post(sonia, "estado", "resolved", chats["luis"]).json()["text"]
    assert Conversation.objects.get(pk=chats["luis"].pk).state == "open"
    ids = ",".join(map(str, range(1, 300)))
    answer = sonia.post("/chats/varios", {"accion": "estado", "valor": "open", "chats": ids})
    assert answer.status_code == 422
    assert sonia.post(f"/chats/{chats['luis'].pk}/fijar").status_code == 404
    assert sonia.post(f"/chats/{chats['luis'].pk}/sin-leer").status_code == 404
