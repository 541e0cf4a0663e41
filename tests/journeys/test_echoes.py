"""What the owner types in the phone app: ours, and the bot is silent."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chatbot import services
from conversations.models import Conversation
from tests.journeys.shop import ANA, BETO, Json, Shop, incoming, new_wamid, seconds_ago

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno")


def echo(kind: str = "text", content: Any = None, ago: float = 0, to: str = ANA) -> Json:
    message = incoming(kind, content or {"body": "ya voy"}, wamid=new_wamid())
    return message | {"from": "15550000111", "to": to, "timestamp": seconds_ago(ago)}


def types(shop: Shop, *echoes: Json) -> None:
    answer = shop.post(shop.envelope("smb_message_echoes", message_echoes=list(echoes)))
    assert answer.status_code == 200


def test_an_echo_is_ours_from_the_phone_and_nothing_to_answer(shop: Shop) -> None:
    shop.rules(*MENU)
    types(shop, echo())
    (row,) = shop.messages()
    assert (row.direction, row.author, row.status) == ("out", "phone_app", "sent")
    assert shop.out == []
    assert shop.chat().unread_count == 0
    assert not shop.chat().window_is_open  # what we say opens no window


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image", {"id": "1", "caption": "mira"}),
        ("reaction", {"message_id": "wamid.x", "emoji": "👍"}),
        ("edit", {"original_message_id": "wamid.x", "message": {"type": "text"}}),
        ("revoke", {"original_message_id": "wamid.x"}),
        ("hologram", {"x": 1}),
    ],
)
def test_an_echo_of_any_kind_silences_the_bot(shop: Shop, kind: str, content: Any) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    types(shop, echo(kind, content))
    assert shop.heard_after(lambda: shop.says("1")) == []
    assert shop.sent()[-1].kind == kind


def test_an_echo_twice_is_one_message_and_silences_no_second_time(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    typed = echo()
    types(shop, typed)
    with shop.inside():
        services.resume_bot(shop.chat())
    types(shop, typed)
    assert len(shop.messages(author="phone_app")) == 1
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno"]


def test_an_echo_settles_what_the_chat_was_flagged_for(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.says("¿hay domicilio?")
    assert shop.attention() == "sin_regla"
    types(shop, echo())
    assert shop.attention() == ""


def test_echoes_out_of_order_do_not_set_the_agents_clock_back(shop: Shop) -> None:
    """The bot comes back AGENT_TIMEOUT_SECONDS after the last word, whenever the others arrive."""
    shop.rules(*MENU)
    shop.set_env(AGENT_TIMEOUT_SECONDS="600")
    shop.says("hola")
    types(shop, echo(), echo(ago=3600))
    types(shop, echo(ago=7200))
    spoke_at = shop.chat().agent_spoke_at
    assert spoke_at is not None
    assert timezone.now() - spoke_at < timedelta(minutes=1)
    assert shop.heard_after(lambda: shop.says("1")) == []


def test_an_echo_silences_the_bot_for_its_contact_alone(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.says("hola", by=BETO)
    types(shop, echo())
    assert shop.heard_after(lambda: shop.says("1", by=BETO)) == ["Uno"]
    with shop.inside():
        assert Conversation.objects.filter(handler="agent").count() == 1
