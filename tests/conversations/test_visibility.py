"""An agent sees the chats of his roles, his own, and nobody's; everything obeys, also the hints."""

import asyncio
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from conversations.models import Conversation
from conversations.selectors import seen_by
from conversations.services import reply_as_agent
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tenants.seeding import give_roles
from tests.conversations.test_views import log_in, make_chat, make_user, say
from tests.journeys.shop import outside
from tests.meta import FakeMeta
from whapco import audience, events
from whapco.audience import Visitor, visitor_of, who_sees
from whapco.lib import bus

ASSIGNED = ("me", "other", "nobody")
GIVEN = ((), ("ventas",), ("soporte",), ("ventas", "soporte"))
CASES = [(assigned, given) for assigned in ASSIGNED for given in GIVEN]


def may_see(assigned: str, given: tuple[str, ...], everybody: bool) -> bool:
    """What an agent with the role `ventas` sees, said another way than the query says it."""
    if assigned == "me" or "ventas" in given:
        return True
    return everybody and assigned == "nobody" and given == ()


@pytest.fixture
def luis(acme: Tenant) -> User:
    return make_user("luis", "ventas")


@pytest.fixture
def chats(luis: User) -> dict[tuple[str, tuple[str, ...]], Conversation]:
    """A chat of every kind, by who has it."""
    eva = make_user("eva", "soporte")
    holders = {"me": luis, "other": eva, "nobody": None}
    made = {}
    for number, (assigned, given) in enumerate(CASES):
        chat = make_chat(f"Cliente-{number:02d}", f"5730000{number:04d}")
        chat.assigned_to = holders[assigned]
        chat.save()
        chat.roles.set(Role.objects.filter(keyword__in=given))
        say(chat, f"secreto-{number:02d}")
        made[assigned, given] = chat
    return made


def cookie_of(client: Client) -> str:
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


def text_of(response: Any) -> str:
    return str(response.content.decode())


def verbs_on_a_chat() -> Iterator[tuple[str, int]]:
    """The name of every address that names a chat, and how many numbers more it takes: a new one is
    covered the day it is added."""
    for pattern in flat(get_resolver().url_patterns):
        if "conversation_id" in pattern.pattern.converters:
            assert pattern.name
            yield pattern.name, len(pattern.pattern.converters) - 1


def flat(patterns: list[Any]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from flat(pattern.url_patterns)
        else:
            yield pattern


# Pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("everybody", [True, False])
def test_the_list_holds_what_the_agent_may_see(
    chats: dict[Any, Conversation], settings: Any, everybody: bool
) -> None:
    settings.AGENTS_SEE_UNASSIGNED = everybody
    client = log_in("acme", "luis")
    for address in ("/", "/chats/lista"):
        page = text_of(client.get(address))
        for number, case in enumerate(chats):
            seen = may_see(*case, everybody)
            assert (f"Cliente-{number:02d}" in page) == seen, case
            assert (f"secreto-{number:02d}" in page) == seen, case


@pytest.mark.parametrize("everybody", [True, False])
def test_a_chat_out_of_sight_does_not_exist_at_any_address(
    chats: dict[Any, Conversation], settings: Any, meta: FakeMeta, everybody: bool
) -> None:
    settings.AGENTS_SEE_UNASSIGNED = everybody
    client = log_in("acme", "luis")
    names = list(verbs_on_a_chat())
    assert {"chat", "chat_messages", "chat_reply", "chat_read", "chat_finish"} <= {
        name for name, _ in names
    }
    for case, chat in chats.items():
        if not may_see(*case, everybody):
            for name, more in names:
                address = reverse(name, args=[chat.pk, *[1] * more])
                found = {client.get(address).status_code, client.post(address).status_code}
                assert found <= {404, 405}, address
                assert 404 in found, address
        else:
            assert client.get(reverse("chat", args=[chat.pk])).status_code == 200
    assert meta.calls == []


def test_an_admin_sees_all(chats: dict[Any, Conversation], settings: Any) -> None:
    settings.AGENTS_SEE_UNASSIGNED = False
    make_user("ana", Role.ADMIN)
    page = text_of(log_in("acme", "ana").get("/chats/lista"))
    assert page.count("Cliente-") >= len(CASES)


def test_an_agent_without_roles_sees_his_own_and_nobodys(
    chats: dict[Any, Conversation], acme: Tenant
) -> None:
    nina = make_user("nina")
    seen = Conversation.objects.visible_to(nina)
    assert list(seen) == [chats["nobody", ()]]


def test_a_message_of_a_chat_out_of_sight_cannot_be_quoted(
    chats: dict[Any, Conversation], meta: FakeMeta
) -> None:
    hidden = chats["other", ("soporte",)].messages.get()
    own = chats["me", ()]
    reply = {"text": "mira", "key": "0" * 32, "quote": str(hidden.pk)}
    answer = log_in("acme", "luis").post(f"/chats/{own.pk}/responder", reply)
    assert answer.status_code == 422
    assert "secreto" not in text_of(answer)
    assert meta.calls == []


def test_no_admin_page_opens_for_an_agent(luis: User) -> None:
    """Rules, quick replies, their sheets and exports, users, companies: every address there is."""
    client = log_in("acme", "luis")
    resolver = next(
        one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "admin"
    )
    addresses = {f"/admin/{sample(route)}" for route in routes(resolver.url_patterns)}
    assert {"/admin/chatbot/rule/export/", "/admin/tenants/user/1/change/"} <= addresses
    for address in addresses - {"/admin/logout/"}:
        for answer in (client.get(address, follow=True), client.post(address, follow=True)):
            assert answer.status_code in (403, 404, 405), address
            assert answer.headers.get("Content-Disposition") is None, address


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif "^" not in route and "(?P" not in route:
            yield route


def sample(route: str) -> str:
    """An address of the route: every argument is 1."""
    while "<" in route:
        start, end = route.index("<"), route.index(">")
        route = f"{route[:start]}1{route[end + 1 :]}"
    return route


# Hints ------------------------------------------------------------------------------------------


def visitor(client: Client) -> Visitor:
    found = visitor_of(cookie_of(client))
    assert found is not None
    return found


@pytest.mark.parametrize("everybody", [True, False])
def test_hints_are_for_those_who_may_see_the_chat(
    chats: dict[Any, Conversation], settings: Any, everybody: bool
) -> None:
    settings.AGENTS_SEE_UNASSIGNED = everybody
    make_user("ana", Role.ADMIN)
    luis, ana = visitor(log_in("acme", "luis")), visitor(log_in("acme", "ana"))
    ids = {chat.pk: case for case, chat in chats.items()}
    seen = who_sees("acme", {luis, ana}, list(ids))
    assert seen[ana] == set(ids)
    assert {ids[pk] for pk in seen[luis]} == {case for case in CASES if may_see(*case, everybody)}


@pytest.mark.parametrize("everybody", [True, False])
def test_hints_and_pages_are_of_one_mind(
    chats: dict[Any, Conversation], settings: Any, everybody: bool
) -> None:
    """The rule is written twice: for one reader in SQL, for many at once in Python."""
    settings.AGENTS_SEE_UNASSIGNED = everybody
    both = make_user("both", "ventas", "soporte")
    make_user("nobody")
    make_user("ana", Role.ADMIN)
    chats["me", ()].assigned_to = both
    chats["me", ()].save()
    seen = seen_by(User.objects.all(), [chat.pk for chat in chats.values()])
    assert len(seen) == 5
    for user in User.objects.all():
        visible = Conversation.objects.visible_to(user)
        assert seen[user.pk] == set(visible.values_list("pk", flat=True)), user


def new_password(user: User) -> None:
    user.set_password("otra-clave-larga-2")
    user.save()


def deactivated(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def owing_a_password(user: User) -> None:
    User.objects.filter(pk=user.pk).update(must_change_password=True)


@pytest.mark.parametrize("change", [new_password, deactivated, owing_a_password])
def test_who_lost_the_session_gets_no_more_hints(
    luis: User, acme: Tenant, change: Callable[[User], None]
) -> None:
    client = log_in("acme", "luis")
    open_page = visitor(client)
    assert who_sees("acme", {open_page}, []) == {open_page: set()}
    change(luis)
    assert who_sees("acme", {open_page}, []) == {}
    assert visitor_of(cookie_of(client)) is None


def test_a_logout_and_a_suspended_company_end_the_hints(luis: User, acme: Tenant) -> None:
    leaver, stayer = log_in("acme", "luis"), log_in("acme", "luis")
    gone, here = visitor(leaver), visitor(stayer)
    leaver.post("/logout")
    assert who_sees("acme", {gone, here}, []) == {here: set()}
    Tenant.objects.filter(key="acme").update(active=False)
    assert who_sees("acme", {here}, []) == {}


class Listening:
    """An open page's event stream, over the real door."""

    def __init__(self, client: Client) -> None:
        self.said = ""
        self.status = 0
        self._left = asyncio.Event()
        cookie = f"{django_settings.SESSION_COOKIE_NAME}={cookie_of(client)}"
        headers = [(b"cookie", cookie.encode("latin-1"))]
        scope = {"type": "http", "headers": headers, "query_string": b""}
        self.task = asyncio.create_task(events.stream(scope, self._receive, self._send))

    async def _send(self, event: dict[str, Any]) -> None:
        self.status = event.get("status", self.status)
        self.said += event.get("body", b"").decode()

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    def heard(self) -> list[int]:
        lines = [line for line in self.said.splitlines() if line.startswith("data: ")]
        return [json.loads(line[6:])["chat"] for line in lines]

    async def opened(self) -> "Listening":
        await until(lambda: self.said or self.task.done())
        return self

    async def leave(self) -> None:
        self._left.set()
        await self.task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def own_bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[bus.MemoryBus]:
    """As without Redis: no other test run hears us."""
    mine = bus.MemoryBus()
    for name in ("publish", "subscribe"):
        monkeypatch.setattr(bus, name, getattr(mine, name))
    yield mine
    assert audience._audiences == {}


async def in_thread(do: Callable[..., Any], *args: Any) -> Any:
    """Work of another thread, which leaves no connection behind."""

    def work() -> Any:
        try:
            return do(*args)
        finally:
            connections.close_all()

    return await asyncio.to_thread(work)


def test_the_stream_tells_each_page_of_its_own_chats(
    chats: dict[Any, Conversation], own_bus: bus.MemoryBus, settings: Any
) -> None:
    settings.AGENTS_SEE_UNASSIGNED = False
    make_user("ana", Role.ADMIN)
    browsers = [log_in("acme", "luis"), log_in("acme", "ana")]
    mine, hidden = chats["me", ()].pk, chats["other", ("soporte",)].pk

    async def visit() -> tuple[list[int], list[int]]:
        luis, ana = [await Listening(browser).opened() for browser in browsers]
        for chat in (hidden, mine):  # the last one tells that the first has been dealt with
            own_bus.publish("acme", {"chat": chat, "last": 1})
        await until(lambda: mine in luis.heard() and len(ana.heard()) == 2)
        await luis.leave()
        await ana.leave()
        return luis.heard(), ana.heard()

    assert outside(asyncio.run, visit()) == ([mine], [hidden, mine])


def test_what_concerns_the_whole_company_is_told_to_every_page(
    chats: dict[Any, Conversation], own_bus: bus.MemoryBus
) -> None:
    """Such as a number that may not send any more."""
    browser = log_in("acme", "luis")

    async def visit() -> list[int]:
        luis = await Listening(browser).opened()
        own_bus.publish("acme", bus.TO_ALL)
        await until(luis.heard)
        await luis.leave()
        return luis.heard()

    assert outside(asyncio.run, visit()) == [0]


def test_a_chat_that_is_taken_from_an_agent_is_hinted_a_last_time(
    chats: dict[Any, Conversation], own_bus: bus.MemoryBus, acme: Tenant, meta: FakeMeta
) -> None:
    """So that it leaves his list; afterwards nothing of it reaches him."""
    browser = log_in("acme", "luis")
    chat, mine = chats["nobody", ()], chats["me", ()].pk

    def eva_answers() -> None:
        with tenant_context(acme):
            reply_as_agent(chat, "Soy Eva", agent=User.objects.get(username="eva"))

    async def visit() -> list[int]:
        luis = await Listening(browser).opened()
        own_bus.publish("acme", {"chat": chat.pk, "last": 1})
        await until(lambda: luis.heard() == [chat.pk])
        await in_thread(eva_answers)
        await until(lambda: len(luis.heard()) == 2)
        for number in (chat.pk, mine):
            own_bus.publish("acme", {"chat": number, "last": 2})
        await until(lambda: mine in luis.heard())
        await luis.leave()
        return luis.heard()

    assert outside(asyncio.run, visit()) == [chat.pk, chat.pk, mine]


def test_a_demoted_admin_and_a_reset_password_count_with_the_next_hint(
    chats: dict[Any, Conversation], own_bus: bus.MemoryBus, acme: Tenant
) -> None:
    ana, nina = make_user("ana", Role.ADMIN), make_user("nina")
    browsers = [log_in("acme", "ana"), log_in("acme", "nina")]
    hidden, seen = chats["other", ("soporte",)].pk, chats["nobody", ()].pk

    def take_away() -> None:
        with tenant_context(acme):
            give_roles(ana, [])
            new_password(nina)

    async def visit() -> list[int]:
        first, second = [await Listening(browser).opened() for browser in browsers]
        await in_thread(take_away)
        for chat in (hidden, seen):
            own_bus.publish("acme", {"chat": chat, "last": 1})
        await until(lambda: seen in first.heard() and second.task.done())
        await first.leave()
        assert second.heard() == []
        refused = await Listening(browsers[1]).opened()
        assert refused.status == 403
        return first.heard()

    assert outside(asyncio.run, visit()) == [seen]


def test_a_stranger_listens_to_nothing(companies: SimpleNamespace) -> None:
    stranger = Client()
    stranger.cookies[django_settings.SESSION_COOKIE_NAME] = "acme:x:y"

    async def visit() -> int:
        return (await Listening(stranger).opened()).status

    assert outside(asyncio.run, visit()) == 403
