"""A notice says that a contact has a new number; a person knows better and undoes it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chatbot.models import BotSession
from conversations import contact_changes
from conversations.contact_changes import CannotUndo
from conversations.models import Contact, ContactChange, Conversation, Message
from tenants.models import Role, User
from tenants.seeding import set_user_roles
from tests.journeys.shop import ANA, BETO, Shop, incoming

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno|uno", "uno|2|Dos")
NEW = "573009998877"


def changes(shop: Shop) -> list[ContactChange]:
    with shop.inside():
        return list(ContactChange.objects.order_by("pk"))


def notice(shop: Shop, old: str = ANA, new: str = BETO) -> str:
    content = {"type": "user_changed_number", "wa_id": new, "body": "changed"}
    return shop.sends(incoming("system", content, old))


def undo(shop: Shop, change: ContactChange | None = None) -> None:
    with shop.inside():
        admin, _ = User.objects.get_or_create(username="jefa")
        contact_changes.undo(change or changes(shop)[-1], by=admin)


def people(shop: Shop) -> dict[str | None, list[str]]:
    """By number, the words of each chat."""
    with shop.inside():
        return {
            chat.contact.wa_id: list(chat.messages.order_by("pk").values_list("body", flat=True))
            for chat in Conversation.objects.select_related("contact").order_by("pk")
        }


def rows(shop: Shop) -> list[list[Any]]:
    """All that a merge touches, with the milliseconds that are kept of a time."""
    with shop.inside():
        tables: list[Any] = [
            Contact.objects.values(),
            Conversation.objects.values(),
            Conversation.roles.through.objects.values("conversation", "role"),
            BotSession.objects.values(),
            Message.objects.exclude(kind="system").values("pk", "conversation", "body"),
        ]
        found = [list(table.order_by("pk")) for table in tables]
    for row in (row for table in found for row in table):
        for name, value in row.items():
            if hasattr(value, "microsecond"):
                row[name] = value.replace(microsecond=value.microsecond // 1000 * 1000)
    return found


def two_people(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.says("hola", by=BETO)
    shop.says("1")
    shop.says("1", by=BETO)


@pytest.mark.parametrize("last", [ANA, BETO])
def test_undoing_gives_both_contacts_and_chats_back_as_they_were(shop: Shop, last: str) -> None:
    """Whichever of the two chats was the one that went on."""
    two_people(shop)
    role = shop.role("ventas")
    agent = shop.agent("luz")
    with shop.inside():
        beto = Conversation.objects.get(contact__wa_id=BETO)
        beto.roles.add(role)
        Conversation.objects.filter(pk=beto.pk).update(assigned_to=agent, attention="sin_regla")
        Contact.objects.filter(wa_id=BETO).update(alias="Don Beto")
        Conversation.objects.filter(contact__wa_id=last).update(
            last_message_at=timezone.now() + timedelta(seconds=5)
        )
    before = rows(shop)
    notice(shop)
    assert list(people(shop)) == [BETO]
    undo(shop)
    with shop.inside():  # the notice itself stays where it arrived
        Message.objects.filter(kind="system").delete()
    assert rows(shop) == before


def test_the_number_of_a_contact_that_nobody_else_had_is_given_back(shop: Shop) -> None:
    shop.says("hola")
    notice(shop, new=NEW)
    assert list(people(shop)) == [NEW]
    undo(shop)
    assert list(people(shop)) == [ANA]
    shop.says("soy otra", by=NEW)
    assert set(people(shop)) == {ANA, NEW}


def test_what_arrived_since_stays_where_it_arrived(shop: Shop) -> None:
    two_people(shop)
    notice(shop)
    shop.says("después", by=BETO)
    undo(shop)
    found = people(shop)
    assert "después" in found[BETO]  # the chat that went on was his
    assert "después" not in found[ANA]
    assert found[ANA] == ["hola", "Menu", "1", "Uno"]


def test_the_bot_goes_on_in_each_chat_where_it_was(shop: Shop) -> None:
    two_people(shop)
    notice(shop)
    undo(shop)
    assert shop.heard_after(lambda: shop.says("2")) == ["Dos"]
    assert shop.heard_after(lambda: shop.says("2", by=BETO)) == ["Dos"]
    assert [body["to"] for body in shop.bodies[-2:]] == [ANA, BETO]


def test_what_an_agent_has_changed_since_stays(shop: Shop) -> None:
    two_people(shop)
    notice(shop)
    with shop.inside():
        Contact.objects.filter(wa_id=BETO).update(alias="Ana María")
    undo(shop)
    assert shop.contact(ANA).alias == "Ana María"


def test_chats_with_other_numbers_of_ours_go_back_too(shop: Shop) -> None:
    shop.says("hola")
    shop.says("hola", by=BETO)
    with shop.inside():
        Conversation.objects.filter(contact__wa_id=BETO).update(phone_number_id="112")
    notice(shop)
    undo(shop)
    with shop.inside():
        pairs = Conversation.objects.values_list("contact__wa_id", "phone_number_id")
        assert set(pairs) == {(ANA, "111"), (BETO, "112")}


def test_undoing_twice_or_out_of_order_is_refused(shop: Shop) -> None:
    two_people(shop)
    notice(shop)
    notice(shop, old=BETO, new=NEW)
    first, second = changes(shop)
    with pytest.raises(CannotUndo, match="primero el último"):
        undo(shop, first)
    undo(shop, second)
    with pytest.raises(CannotUndo, match="ya se deshizo"):
        undo(shop, second)
    undo(shop, first)
    assert set(people(shop)) == {ANA, BETO}


def test_a_number_that_another_contact_has_by_now_is_not_taken_from_it(shop: Shop) -> None:
    two_people(shop)
    notice(shop)
    shop.says("soy nueva", by=ANA)
    before = rows(shop)
    with pytest.raises(CannotUndo, match="otro cliente"):
        undo(shop)
    assert rows(shop) == before


def test_an_agent_and_a_role_that_have_gone_are_no_obstacle(shop: Shop) -> None:
    two_people(shop)
    agent, role = shop.agent("luz"), shop.role("ventas")
    with shop.inside():
        older = Conversation.objects.get(contact__wa_id=ANA)
        older.roles.add(role)
        Conversation.objects.filter(pk=older.pk).update(assigned_to=agent)
    notice(shop)
    with shop.inside():
        Conversation.objects.update(assigned_to=None)
        Conversation.roles.through.objects.all().delete()
        User.objects.filter(pk=agent.pk).delete()
        Role.objects.filter(pk=role.pk).delete()
    undo(shop)
    assert set(people(shop)) == {ANA, BETO}


def test_the_same_notice_again_changes_nothing_after_undoing(shop: Shop) -> None:
    two_people(shop)
    content = {"type": "user_changed_number", "wa_id": BETO, "body": "changed"}
    message = incoming("system", content, ANA)
    shop.sends(message)
    undo(shop)
    shop.sends(message)
    assert set(people(shop)) == {ANA, BETO}


def test_old_changes_are_forgotten_when_a_new_one_comes(shop: Shop) -> None:
    shop.says("hola")
    notice(shop, new=NEW)
    with shop.inside():
        ContactChange.objects.update(at=timezone.now() - contact_changes.KEPT)
    notice(shop, old=NEW, new=BETO)
    assert [change.before["wa_id"] for change in changes(shop)] == [NEW]


def test_an_admin_undoes_it_from_the_list_and_an_agent_does_not_see_it(shop: Shop) -> None:
    two_people(shop)
    notice(shop)
    address = "/admin/conversations/contactchange/"
    for name, role, is_allowed in (("luz", "agent", False), ("jefa", "admin", True)):
        shop.role(role)
        user = shop.agent(name)
        with shop.inside():
            set_user_roles(user, [role])
        client = Client(headers={"X-Tenant-ID": shop.tenant.key})
        client.post("/login", {"username": name, "password": "Clave-1234"})
        assert (client.get(address).status_code == 200) == is_allowed
        data = {"action": "undo", "_selected_action": changes(shop)[0].pk}
        client.post(address, data)
        assert (set(people(shop)) == {ANA, BETO}) == is_allowed
    page = client.get(address).content.decode()
    assert ANA in page
    assert "Deshecho por jefa" in page
