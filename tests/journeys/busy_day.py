"""All that reads or writes chats, one path after another, in a company with a long history."""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import connections
from django.utils import timezone

from chatbot import services as bot
from chatbot import undelivered
from chatbot.undelivered import UNKNOWN_NUMBER
from conversations import chat_rows, contact_changes, leases, outbox, search
from conversations.chat_filters import ChatFilter
from conversations.inbox import Work, note_failure
from conversations.models import (
    AccountEvent,
    Contact,
    ContactChange,
    Conversation,
    ManualRetry,
    Message,
    PendingStatus,
)
from conversations.services import try_number_again
from conversations.tasks import send_read_receipt
from tenants.models import Role, UndeliveredEvent, User
from tenants.seeding import give_roles
from tests.journeys.shop import ANA, BETO, Shop, incoming, new_wamid, outside, text_message
from tests.journeys.test_agents_door import Desk
from tests.journeys.test_payloads import PAYLOADS, Business
from tests.tasks import run_later
from whapco.audience import Visitor, who_sees
from whapco.schedule import JOBS

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from fill_history import GROWING, fill  # noqa: E402

NEW, HIDDEN = "573009998877", "CO.55512347719604425"
MENU = (
    "menu_principal|iniciar|Menu|menu",
    "menu|1|Uno",
    "menu|2|Dos|dos",
    "dos|*|Otra cosa|menu",
    "menu|asesor|Te paso con una persona",
)
Path_ = tuple[str, Callable[[], object]]


def prepare(business: Business, messages: int, contacts: int, others: int) -> None:
    """A history of that size in acme, `others` rows in each table beside it."""
    shop = business.shop
    shop.secret = "secreto-global"  # of the one app that serves all numbers
    for number in shop.meta.graph.memory.numbers.values():
        number.app_secret = shop.secret
    shop.set_env(AGENT_TIMEOUT_SECONDS="600", SESSION_TIMEOUT_SECONDS="600")
    shop.role("ventas")
    shop.agent("vieja", "ventas")
    with shop.inside():
        fill(messages, contacts)
        _fill_others(others)
    _analyze(shop)


def _fill_others(count: int) -> None:
    now = timezone.now()
    past = [now - timedelta(minutes=n) for n in range(count)]
    PendingStatus.objects.bulk_create(
        PendingStatus(wamid=f"wamid.parked{n}", payload={}, received_at=at)
        for n, at in enumerate(past)
    )
    AccountEvent.objects.bulk_create(
        AccountEvent(field="account_update", phone_number_id=f"9{n % 7}", payload={}, received_at=a)
        for n, a in enumerate(past)
    )
    UndeliveredEvent.objects.bulk_create(
        UndeliveredEvent(phone_number_id=f"8{n % 50}", reason=UNKNOWN_NUMBER, body={})
        for n in range(count)
    )
    contacts = list(Contact.objects.values_list("pk", flat=True)[:count])
    ContactChange.objects.bulk_create(
        ContactChange(contact_id=pk, at=at) for pk, at in zip(contacts, past, strict=False)
    )
    failed = Message.objects.filter(status="failed").values_list("pk", flat=True)[:count]
    ManualRetry.objects.bulk_create(ManualRetry(message_id=pk) for pk in failed)
    soon = now + timedelta(days=1)
    Session.objects.bulk_create(
        Session(session_key=f"k{n:031d}", session_data="", expire_date=soon) for n in range(count)
    )
    AccessAttempt.objects.bulk_create(
        AccessAttempt(username=f"u{n}", attempt_time=now, failures_since_start=1)
        for n in range(count)
    )


def _analyze(shop: Shop) -> None:
    """The optimizer chooses by what it knows of the tables. Not on SQLite: the product has it
    choose without."""
    company = "conversations_pendingstatus conversations_accountevent conversations_contactchange"
    company += " conversations_manualretry django_session axes_accessattempt"
    alias = shop.tenant.alias
    if connections[alias].vendor == "sqlite":
        return
    tables = {alias: [*GROWING, *company.split()], "default": ["tenants_undeliveredevent"]}
    for name, found in tables.items():
        with connections[name].cursor() as cursor:
            cursor.execute(f"ANALYZE TABLE {', '.join(found)}")


def paths(business: Business) -> list[Path_]:
    """Their names and what to run, in this order."""
    shop = business.shop
    return [
        ("rules", lambda: shop.rules(*MENU)),
        *((f"payload {name}", _poster(business, name)) for name in PAYLOADS),
        *_clients(shop),
        *_receipts(shop),
        *_sending(shop),
        *_people(shop),
        *((f"job {job.name}", _job(shop, job.run)) for job in JOBS),
        *_rest(shop),
    ]


def _poster(business: Business, name: str) -> Callable[[], object]:
    def post() -> None:
        answer = business.post(name)
        assert answer.status_code == 200, answer.content.decode()

    return post


def _job(shop: Shop, run: Callable[[], object]) -> Callable[[], object]:
    return lambda: shop.job(run)


def _clients(shop: Shop) -> list[Path_]:
    def again() -> None:
        wamid = shop.says("1")
        shop.says("1", wamid=wamid)

    def edits() -> None:
        wamid = shop.says("el juebes")
        words = {"type": "text", "text": {"body": "el jueves"}}
        shop.sends(incoming("edit", {"original_message_id": wamid, "message": words}))
        shop.sends(incoming("revoke", {"original_message_id": wamid}))
        shop.sends(incoming("reaction", {"message_id": wamid, "emoji": "👍"}))

    def echoes() -> None:
        echo = incoming("text", {"body": "ya voy"}) | {"from": "15550000111", "to": BETO}
        shop.post(shop.envelope("smb_message_echoes", message_echoes=[echo]))

    def history() -> None:
        old = [text_message(f"viejo {n}", NEW) for n in range(3)]
        chunk = {"metadata": {"phase": 0}, "threads": [{"id": NEW, "messages": old}]}
        shop.post(shop.envelope(field="history", history=[chunk]))

    known = "573100000001"
    return [
        ("first words", lambda: [shop.says("hola", by=by) for by in (ANA, BETO)]),
        ("reply", lambda: shop.says("1")),
        ("reply in a long chat", lambda: [shop.says(t, by=known) for t in ("hola", "1", "2", "x")]),
        ("repetition", again),
        ("tap", lambda: shop.taps("1", context=shop.last_sent().wamid or "")),
        ("ten people", lambda: shop.sends(*(text_message("1", f"57300777000{n}") for n in "0189"))),
        ("edits", edits),
        ("echo", echoes),
        ("history", history),
        ("call", lambda: _calls(shop)),
        ("new number", lambda: _changes_number(shop)),
        ("hidden number shows itself", lambda: _shows_number(shop)),
    ]


def _calls(shop: Shop) -> None:
    call = {"from": ANA, "event": "connect", "timestamp": text_message("")["timestamp"]}
    shop.post(shop.envelope("calls", calls=[call]))
    stop = {"wa_id": ANA, "value": "resume"}
    shop.post(shop.envelope("user_preferences", user_preferences=[stop]))


def _changes_number(shop: Shop) -> None:
    content = {"type": "user_changed_number", "wa_id": NEW, "body": "changed"}
    shop.sends(incoming("system", content, BETO))
    with shop.inside():
        admin = User.objects.get(username="vieja")
        contact_changes.undo(
            ContactChange.objects.filter(contact=shop.contact(NEW)).latest("pk"), by=admin
        )


def _shows_number(shop: Shop) -> None:
    """Two contacts become one."""
    with shop.inside():
        hidden = Contact.objects.create(user_id=HIDDEN)
        chat = Conversation.objects.create(contact=hidden, phone_number_id=shop.number)
        row = Message(conversation=chat, direction="in", kind="text", status="answered")
        row.author, row.at, row.wamid = "contact", timezone.now(), new_wamid()
        row.save()
    shop.sends(text_message("1", from_user_id=HIDDEN))


def _receipts(shop: Shop) -> list[Path_]:
    def last() -> str:
        return shop.last_sent().wamid or ""

    def by_key() -> None:
        message = shop.last_sent()
        with shop.inside():
            Message.objects.filter(pk=message.pk).update(status="sending", wamid=None)
        shop.status(new_wamid(), "sent", biz_opaque_callback_data=str(message.send_key))

    def fails(code: int) -> None:
        shop.says("1")
        errors = [{"code": code, "title": "x"}]
        shop.status(last(), "failed", errors=errors)
        run_later()

    def parked() -> None:
        wamid = new_wamid()
        shop.status(wamid, "sent")
        echo = incoming("text", {"body": "ya"}, wamid=wamid) | {"from": "15550000111", "to": NEW}
        shop.post(shop.envelope("smb_message_echoes", message_echoes=[echo]))

    return [
        *((f"receipt {s}", lambda s=s: shop.status(last(), s)) for s in ("sent", "read", "played")),  # type: ignore[misc]
        ("Meta's receipts", shop.deliver_statuses),
        ("receipt with our key", by_key),
        ("receipt parked", parked),
        *((f"receipt failed {c}", lambda c=c: fails(c)) for c in (131026, 131047, 131049, 130472)),  # type: ignore[misc]
    ]


def _sending(shop: Shop) -> list[Path_]:
    def refused(what: int | str) -> None:
        shop.meta.fail_next(what)
        shop.says("1")
        shop.wait_over()
        run_later()
        shop.sweep()

    def closed() -> None:
        shop.says("1")
        with shop.inside():
            chat = Conversation.objects.filter(contact__wa_id=ANA)
            chat.update(window_closes_at=timezone.now() - timedelta(hours=1))
            Message.objects.filter(pk=shop.last_sent().pk).update(status="queued", wamid=None)
        shop.sweep()

    def fails() -> None:
        with shop.inside():
            chat = shop.chat()
            note_failure([Work(chat, "", received=list(chat.messages.all()[:2]))])
            outbox.begin_send([shop.last_sent()])
            leases._renew([leases.Lease(shop.tenant, chat.pk, "x", 0.0)])

    codes = (500, "drop", 131056, 130429, 190, 131031, 132015)
    return [
        *((f"refused {code}", lambda code=code: refused(code)) for code in codes),  # type: ignore[misc]
        ("number tried again", lambda: _inside(shop, lambda: try_number_again(shop.number))),
        ("window closed", closed),
        ("failures", fails),
    ]


def _inside(shop: Shop, do: Callable[[], object]) -> None:
    with shop.inside():
        do()


def _people(shop: Shop) -> list[Path_]:
    desks: dict[str, Desk] = {}

    def log_in() -> None:
        desks.update(jefa=Desk(shop, "jefa", "admin"), luz=Desk(shop, "luz", "ventas"))
        desks["nadie"] = Desk(shop, "nadie", "sin_chats")
        with shop.inside():
            give_roles(_admin(), [Role.ADMIN])

    def read(who: str) -> None:
        desk, chat = desks[who], _longest(shop)
        page = desk.get("/")
        assert page.status_code == 200
        for chats in (page.context["more_url"], *_filters()):
            assert not chats or desk.get(chats).status_code == 200
        shown = desk.get(f"/chats/{chat}/")
        if shown.status_code == 404:
            return
        first = shown.context["bubbles"][0].message.pk
        for query in (f"before={first}", f"after={first}", "before=1", "after=1"):
            assert desk.get(f"/chats/{chat}/mensajes?{query}").status_code == 200
        desk.get("/numeros/avisos")

    def act() -> None:
        (quoted,) = shop.messages(wamid=shop.says("hola"))
        jefa, chat = desks["jefa"], shop.chat().pk
        assert jefa.reply("Soy Eva", quote=str(quoted.pk)).status_code == 200
        assert jefa.post(f"/chats/{chat}/leido").status_code == 204
        shop.meta.fail_next(131031)
        assert jefa.reply("Otra").status_code == 200
        message = shop.last_sent()
        path = f"/chats/{chat}/mensajes/{message.pk}/reintentar"
        assert jefa.post(path, key=str(message.send_key)).status_code == 200
        assert jefa.post(f"/chats/{chat}/devolver", step="dos").status_code == 204
        assert jefa.post(f"/chats/{chat}/finalizar").status_code == 204
        assert jefa.get("/admin/conversations/contactchange/").status_code == 200

    return [
        ("log in", log_in),
        *((f"inbox of {who}", lambda who=who: read(who)) for who in ("jefa", "luz", "nadie")),  # type: ignore[misc]
        ("inbox of her own chats only", lambda: _own_chats_only(shop, lambda: read("luz"))),
        ("agent", act),
        ("live hints", lambda: _hints(shop)),
        ("ticks", lambda: outside(send_read_receipt.call, shop.tenant.key, _longest(shop))),
    ]


def _filters() -> list[str]:
    """Every way to narrow the list of chats."""
    return []


def _own_chats_only(shop: Shop, do: Callable[[], object]) -> None:
    shop.set_env(AGENTS_SEE_UNASSIGNED="0")
    do()
    shop.set_env(AGENTS_SEE_UNASSIGNED="1")


def _longest(shop: Shop) -> int:
    with shop.inside():
        return Contact.objects.get(wa_id="573100000001").conversations.get().pk


def _hints(shop: Shop) -> None:
    with shop.inside():
        user = User.objects.get(username="luz")
        visitor = Visitor(shop.tenant.key, "k", user.pk, user.get_session_auth_hash())
    outside(who_sees, shop.tenant.key, {visitor}, list(range(1, 20)))


def _rest(shop: Shop) -> list[Path_]:
    def closing() -> None:
        soon = Conversation.objects.closing_within(timedelta(hours=4))
        list(soon.visible_to(User.objects.get(username="luz"))[:50])

    def replay() -> None:
        shop.post(shop.envelope(number="999", messages=[text_message("hola")]))
        events = UndeliveredEvent.objects.filter(phone_number_id="999")
        undelivered.replay(events, at_most=10)
        undelivered.replay(at_most=10)

    def merge_roles() -> None:
        chat = Conversation.objects.get(pk=_longest(shop))
        chat.roles.set(Role.objects.filter(keyword="ventas"))

    return [
        ("windows that close", lambda: _inside(shop, closing)),
        ("undelivered", replay),
        ("roles", lambda: _inside(shop, merge_roles)),
        ("idle", lambda: _inside(shop, bot.close_idle_sessions)),
        *((f"list of {n}", _lister(shop, n)) for n in ("jefa", "vieja")),
        *((f"search by {n}", _finder(shop, n)) for n in ("jefa", "vieja")),
    ]


def _lister(shop: Shop, name: str) -> Callable[[], object]:
    """The list as it opens, a filtered one, the tab of what is one's own, and the tabs' counts."""

    def look() -> None:
        user = User.objects.get(username=name)
        for asked in ({}, {"vista": "mios"}, {"sin_leer": "1"}, {"estado": "resolved"}):
            page = chat_rows.page_of(user, ChatFilter.read(asked))
            chat_rows.page_of(user, ChatFilter.read(asked), page.more)
        chat_rows.counts(user, ChatFilter())

    return lambda: _inside(shop, look)


def _finder(shop: Shop, name: str) -> Callable[[], object]:
    def look() -> None:
        user = User.objects.get(username=name)
        for words in ("hola", "pedido camino", "zzz", "+57 310 000 0001"):
            search.messages(user, words)

    return lambda: _inside(shop, look)


def _admin() -> Any:
    return User.objects.get(username="jefa")
