"""One person, two ids: numbers that are learned, changed, hidden, and contacts that were two."""

from typing import Any

from chatbot import services
from conversations.models import Contact, Conversation
from conversations.services import reply_as_agent
from tests.journeys.shop import ANA, BETO, Json, Shop, new_wamid, person, seconds_ago, text_message

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno", "menu_principal|2|Dos|dos")
USER_ID, NEW_USER_ID = "CO.13491208655302741918", "CO.99991208655302741918"


def from_user(text: str, user_id: str = USER_ID, wa_id: str = "") -> Json:
    """What someone with a username writes, who shows the number only sometimes."""
    message = text_message(text, wa_id) | {"from_user_id": user_id}
    if not wa_id:
        del message["from"]
    return message


def post(shop: Shop, message: Json) -> None:
    ids = {"wa_id": message.get("from"), "user_id": message.get("from_user_id")}
    contact: dict[str, Any] = {"profile": {"name": "Ana"}} | {k: v for k, v in ids.items() if v}
    assert shop.post(shop.envelope(contacts=[contact], messages=[message])).status_code == 200


def contacts(shop: Shop) -> list[tuple[str | None, str | None]]:
    with shop.inside():
        return list(Contact.objects.order_by("pk").values_list("wa_id", "user_id"))


def chats(shop: Shop) -> list[Conversation]:
    with shop.inside():
        return list(Conversation.objects.order_by("pk"))


def test_two_contacts_that_prove_to_be_one_become_one_chat(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    post(shop, from_user("hola"))
    assert len(chats(shop)) == 2
    post(shop, from_user("2", wa_id=ANA))
    assert contacts(shop) == [(ANA, USER_ID)]
    (chat,) = chats(shop)
    assert {row.conversation_id for row in shop.messages()} == {chat.pk}
    assert [row.body for row in shop.received()] == ["hola", "hola", "2"]
    assert shop.out == ["Menu", "Menu", "Dos"]
    assert chat.unread_count == 3


def test_the_chat_that_goes_on_is_the_one_that_spoke_last(shop: Shop) -> None:
    shop.rules(*MENU, "dos|a|En dos")
    shop.says("hola")
    post(shop, from_user("2"))
    assert shop.heard_after(lambda: post(shop, from_user("a", wa_id=ANA))) == ["En dos"]


def test_chats_with_other_numbers_come_along(shop: Shop) -> None:
    shop.says("hola")
    other = text_message("hola", ANA) | {"from_user_id": USER_ID}
    del other["from"]
    body = shop.envelope(contacts=[{"user_id": USER_ID}], messages=[other])
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "111"
    shop.post(body)
    with shop.inside():
        Conversation.objects.filter(contact__user_id=USER_ID).update(phone_number_id="112")
    post(shop, from_user("1", wa_id=ANA))
    assert contacts(shop) == [(ANA, USER_ID)]
    assert [chat.phone_number_id for chat in chats(shop)] == ["111", "112"]


def test_a_stop_of_the_hidden_contact_counts_for_both(shop: Shop) -> None:
    stop = {"user_id": USER_ID, "category": "marketing_messages", "value": "stop"}
    shop.post(shop.envelope(field="user_preferences", user_preferences=[stop]))
    shop.says("hola")
    post(shop, from_user("1", wa_id=ANA))
    assert contacts(shop) == [(ANA, USER_ID)]
    assert shop.contact().opted_out_at is not None


def test_two_people_are_never_merged_because_of_a_shared_id(shop: Shop) -> None:
    post(shop, from_user("hola", wa_id=ANA))
    post(shop, from_user("hola", NEW_USER_ID, wa_id=BETO))
    post(shop, from_user("que tal", NEW_USER_ID, wa_id=ANA))
    assert contacts(shop) == [(ANA, USER_ID), (BETO, NEW_USER_ID)]
    assert len(chats(shop)) == 2


def test_a_new_user_id_of_a_known_number_is_learned(shop: Shop) -> None:
    post(shop, from_user("hola", wa_id=ANA))
    post(shop, from_user("sigo aquí", NEW_USER_ID, wa_id=ANA))
    post(shop, from_user("sin número", NEW_USER_ID))
    assert contacts(shop) == [(ANA, NEW_USER_ID)]
    assert len(chats(shop)) == 1


def test_a_changed_number_that_wrote_before_the_notice_is_the_same_person(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.says("2", by=BETO)
    changed = {"type": "user_changed_number", "wa_id": BETO, "body": "changed"}
    notice = {"from": ANA, "id": new_wamid(), "timestamp": seconds_ago(0), "type": "system"}
    shop.post(shop.envelope(messages=[notice | {"system": changed}]))
    assert contacts(shop) == [(BETO, None)]
    assert len(chats(shop)) == 1
    assert len(shop.received()) == 3


def test_a_merge_in_the_middle_of_one_webhook_loses_nothing(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    post(shop, from_user("hola"))
    messages = [text_message("1"), from_user("2"), from_user("1", wa_id=ANA), from_user("2")]
    people = [person(ANA) | {"user_id": USER_ID}]
    assert shop.post(shop.envelope(contacts=people, messages=messages)).status_code == 200
    assert contacts(shop) == [(ANA, USER_ID)]
    assert len(shop.received()) == 6
    assert {row.status for row in shop.received()} == {"answered"}


def test_a_system_notice_opens_no_window(shop: Shop) -> None:
    notice = {"from": ANA, "id": new_wamid(), "timestamp": seconds_ago(0), "type": "system"}
    system = {"type": "customer_identity_changed", "body": "changed"}
    shop.post(shop.envelope(messages=[notice | {"system": system}]))
    assert not shop.chat().window_is_open


def test_an_agent_may_answer_a_group(shop: Shop) -> None:
    message = text_message("a todos") | {"group_id": "Y2FwaV9ncm91cDox"}
    shop.post(shop.envelope(contacts=[person(ANA)], messages=[message]))
    agent = shop.agent("luz")
    with shop.inside():
        reply_as_agent(Conversation.objects.get(), "hola grupo", agent=agent)
    calls = [*shop.bodies, *(c.request for c in shop.meta.graph.memory.calls)]
    assert [(c["recipient_type"], c["to"]) for c in calls] == [("group", "Y2FwaV9ncm91cDox")] * len(
        calls
    )
    assert calls


def test_giving_back_a_merged_chat_goes_on_where_it_was(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    post(shop, from_user("2"))
    post(shop, from_user("hola", wa_id=ANA))
    with shop.inside():
        services.resume_bot(chats(shop)[0])
    assert shop.step() == "dos"
