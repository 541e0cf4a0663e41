"""New chats are dealt out fairly: in turns, to who is there, within limits, each chat once."""

import random
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from conversations import presence
from conversations.dealing import deal_out
from conversations.models import AgentDesk, Conversation, Message, RoleDesk
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tenants.seeding import give_roles
from tests.conversations.test_views import log_in, make_chat, make_user

AGENT = Conversation.Handler.AGENT


@pytest.fixture
def ventas(acme: Tenant) -> Role:
    role = Role.objects.create(keyword="ventas", name="Ventas")
    RoleDesk.objects.create(role=role, deals_out=True, chat_limit=3)
    return role


def people(*names: str, there: bool = True) -> list[User]:
    made = [make_user(name, "ventas") for name in names]
    for user in made if there else ():
        presence.beat(user, None)
    return made


def wait_for(role: Role, count: int, start: int = 0) -> list[Conversation]:
    """Chats that wait, the first the longest."""
    now, made = timezone.now(), []
    for number in range(start, start + count):
        spoke = now - timedelta(minutes=500 - number)
        chat = make_chat(f"C{number}", f"5730000{number:05d}", handler=AGENT, agent_spoke_at=spoke)
        chat.roles.set([role])
        made.append(chat)
    return made


def holders(chats: list[Conversation]) -> list[str]:
    rows = Conversation.objects.in_bulk([chat.pk for chat in chats])
    return [
        rows[chat.pk].assigned_to.username if rows[chat.pk].assigned_to else "" for chat in chats
    ]


def test_turns_are_kept_over_several_dealings(ventas: Role) -> None:
    people("ana", "beto", "caro")
    first = wait_for(ventas, 2)
    deal_out()
    second = wait_for(ventas, 4, start=2)
    deal_out()
    assert holders(first + second) == ["ana", "beto", "caro", "ana", "beto", "caro"]
    told = Message.objects.filter(kind="event", payload__event="dealt")
    assert told.count() == 6


def test_limits_hold_and_what_is_left_waits_in_order(ventas: Role) -> None:
    _ana, beto = people("ana", "beto")
    AgentDesk.objects.filter(user=beto).update(chat_limit=1)
    chats = wait_for(ventas, 6)
    deal_out()
    assert holders(chats) == ["ana", "beto", "ana", "ana", "", ""]
    Conversation.objects.filter(pk=chats[0].pk).update(state="resolved")
    deal_out()
    assert holders(chats)[4:] == ["ana", ""]


def test_only_who_is_there_and_not_away_gets_chats(ventas: Role) -> None:
    people("fuera", there=False)
    gone, resting, _ana = people("ido", "descansa", "ana")
    AgentDesk.objects.filter(user=gone).update(seen_at=timezone.now() - presence.PRESENT)
    presence.set_away(resting, True)
    make_user("otro", "soporte")
    chats = wait_for(ventas, 2)
    deal_out()
    assert holders(chats) == ["ana", "ana"]


def test_the_backlog_is_dealt_to_who_arrives(ventas: Role) -> None:
    people("ana", there=False)
    chats = wait_for(ventas, 2)
    deal_out()
    assert holders(chats) == ["", ""]
    assert log_in("acme", "ana").post("/presencia").status_code == 204
    assert holders(chats) == ["ana", "ana"]


def test_chats_that_wait_for_nobody_stay(ventas: Role) -> None:
    people("ana")
    of_bot, asleep, done, other = chats = wait_for(ventas, 4)
    Conversation.objects.filter(pk=of_bot.pk).update(handler="bot")
    later = timezone.now() + timedelta(hours=1)
    Conversation.objects.filter(pk=asleep.pk).update(snoozed_until=later)
    Conversation.objects.filter(pk=done.pk).update(state="resolved")
    other.roles.set([Role.objects.create(keyword="soporte", name="Soporte")])
    assert deal_out() is True
    assert holders(chats) == ["", "", "", ""]
    RoleDesk.objects.update(deals_out=False)
    assert deal_out() is False


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_shares_differ_by_one_at_most_while_there_is_room(
    ventas: Role, seed: int
) -> None:
    chance = random.Random(seed)
    names = [f"a{number}" for number in range(chance.randint(2, 5))]
    people(*names)
    RoleDesk.objects.update(chat_limit=100)
    chats: list[Conversation] = []
    for _round in range(5):
        chats += wait_for(ventas, chance.randint(0, 6), start=len(chats))
        deal_out()
    shares = Counter(holders(chats))
    assert "" not in shares
    counts = [shares[name] for name in names]
    assert max(counts) - min(counts) <= 1


def test_many_who_deal_at_once_give_each_chat_once_within_limits(
    ventas: Role, acme: Tenant
) -> None:
    names = ["ana", "beto", "caro"]
    people(*names)
    RoleDesk.objects.update(chat_limit=5)
    chats = wait_for(ventas, 20)
    start, errors = threading.Barrier(6), []

    def deal() -> None:
        try:
            with tenant_context(acme):
                start.wait()
                deal_out()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deal) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    shares = Counter(holders(chats))
    assert shares == {"ana": 5, "beto": 5, "caro": 5, "": 5}
    assert holders(chats)[15:] == [""] * 5
    dealt = Message.objects.filter(kind="event", payload__event="dealt")
    assert Counter(dealt.values_list("conversation", flat=True)) == Counter(
        chat.pk for chat in chats[:15]
    )


def test_admins_set_limits_on_the_pages_of_roles_and_people(ventas: Role) -> None:
    give_roles(make_user("jefa"), [Role.ADMIN])
    (luis,) = people("luis", there=False)
    door = log_in("acme", "jefa")
    url = f"/admin/tenants/role/{ventas.pk}/change/"
    assert "Repartir los chats nuevos" in door.get(url).content.decode()
    data = {"name": "Ventas", "keyword": "ventas", "roledesk-TOTAL_FORMS": 1}
    data |= {"roledesk-INITIAL_FORMS": 1, "roledesk-0-role": ventas.pk, "roledesk-0-chat_limit": 7}
    assert door.post(url, data).status_code == 302
    desk = RoleDesk.objects.get()
    assert (desk.chat_limit, desk.deals_out) == (7, False)
    refused = door.post(url, data | {"roledesk-0-chat_limit": -1})
    assert "mayor o igual a 1" in refused.content.decode()

    url = f"/admin/tenants/user/{luis.pk}/change/"
    assert "Chats a la vez" in door.get(url).content.decode()
    data = {"username": "luis", "is_active": "on", "role_keywords": "ventas"}
    data |= {"agentdesk-TOTAL_FORMS": 1, "agentdesk-INITIAL_FORMS": 0, "agentdesk-0-chat_limit": 4}
    assert door.post(url, data).status_code == 302
    assert AgentDesk.objects.get(user=luis).chat_limit == 4
    assert luis.roles.get() == ventas
