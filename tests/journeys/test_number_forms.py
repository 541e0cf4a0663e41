"""Numbers that WhatsApp spells in two ways: Mexico, Argentina, Brazil. One person, one chat."""

import pytest

from conversations.models import Contact
from tests.journeys.shop import Shop, incoming, new_wamid, seconds_ago

MEXICO = ("5215512345678", "525512345678")
ARGENTINA = ("5491123456789", "541123456789")
BRAZIL = ("5511987654321", "551187654321")
BOTH_WAYS = [
    pair for one, other in (MEXICO, ARGENTINA, BRAZIL) for pair in ((one, other), (other, one))
]
MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno")


def numbers(shop: Shop) -> list[str | None]:
    with shop.inside():
        return list(Contact.objects.order_by("pk").values_list("wa_id", flat=True))


@pytest.mark.parametrize(("one", "other"), BOTH_WAYS)
def test_both_spellings_are_one_chat_answered_where_meta_says(
    shop: Shop, one: str, other: str
) -> None:
    shop.rules(*MENU)
    shop.says("hola", by=one)
    shop.says("1", by=other)
    assert numbers(shop) == [other]
    assert [body["to"] for body in shop.bodies] == [one, other]
    assert shop.out == ["Menu", "Uno"]
    assert len({row.conversation_id for row in shop.messages()}) == 1


def test_both_spellings_in_one_webhook_are_one_chat(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.sends(*(incoming("text", {"body": "hola"}, by) for by in MEXICO))
    assert len(numbers(shop)) == 1
    assert len({row.conversation_id for row in shop.messages()}) == 1


def test_what_the_owner_dialled_is_the_same_person_and_changes_no_address(shop: Shop) -> None:
    """The phone app may name the contact as its owner typed the number."""
    wrote, dialled = BRAZIL[1], BRAZIL[0]
    shop.says("hola", by=wrote)
    echo = {
        "from": "15550000111",
        "to": dialled,
        "id": new_wamid(),
        "timestamp": seconds_ago(0),
        "type": "text",
        "text": {"body": "ya voy"},
    }
    shop.post(shop.envelope("smb_message_echoes", message_echoes=[echo]))
    assert numbers(shop) == [wrote]
    assert shop.last_sent().conversation_id == shop.received()[0].conversation_id


def test_a_stop_under_the_other_spelling_counts(shop: Shop) -> None:
    shop.says("hola", by=MEXICO[0])
    stop = {"wa_id": MEXICO[1], "category": "marketing_messages", "value": "stop"}
    shop.post(shop.envelope(field="user_preferences", user_preferences=[stop]))
    assert numbers(shop) == [MEXICO[0]]
    assert shop.contact(MEXICO[0]).opted_out_at is not None


def test_two_contacts_that_older_versions_kept_apart_become_one(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola", by=ARGENTINA[0])
    with shop.inside():
        Contact.objects.update(wa_id="573009990000")
    shop.says("hola", by=ARGENTINA[1])
    with shop.inside():
        Contact.objects.filter(wa_id="573009990000").update(wa_id=ARGENTINA[0])
    shop.says("1", by=ARGENTINA[1])
    assert numbers(shop) == [ARGENTINA[1]]
    assert len({row.conversation_id for row in shop.messages()}) == 1
    assert [row.body for row in shop.received()] == ["hola", "hola", "1"]


def test_a_change_to_another_spelling_of_the_number_keeps_the_person(shop: Shop) -> None:
    shop.says("hola", by=MEXICO[0])
    system = {"type": "user_changed_number", "wa_id": MEXICO[1], "body": "changed"}
    shop.sends(incoming("system", system, MEXICO[0]))
    assert numbers(shop) == [MEXICO[1]]


def test_a_landline_and_a_mobile_of_brazil_are_two_people(shop: Shop) -> None:
    shop.says("hola", by="551132345678")
    shop.says("hola", by="5511932345678")
    assert len(numbers(shop)) == 2
