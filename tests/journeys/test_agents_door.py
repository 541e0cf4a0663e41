"""Agents at their own door: logged in over HTTP, in the company they belong to."""

import uuid
from typing import Any

import pytest
from django.test import Client

from tests.journeys.shop import BETO, Shop, outside

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno|paso_uno", "paso_uno|*|En uno")


class Desk:
    """An agent's browser."""

    def __init__(self, shop: Shop, username: str, *keywords: str) -> None:
        for keyword in keywords:
            shop.role(keyword)
        shop.agent(username, *keywords)
        self.shop = shop
        self.client = Client()
        form = {"company": shop.tenant.key, "username": username, "password": "Clave-1234"}
        answer = outside(self.client.post, "/login", form)
        assert answer.status_code == 302, answer.content.decode()

    def get(self, path: str) -> Any:
        return outside(self.client.get, path)

    def post(self, path: str, **form: str) -> Any:
        return outside(self.client.post, path, form)

    def reply(self, text: str, by: str = "", key: str = "", **form: str) -> Any:
        chat = self.shop.chat(by) if by else self.shop.chat()
        key = key or str(uuid.uuid4())
        return self.post(f"/chats/{chat.pk}/responder", text=text, key=key, **form)


@pytest.fixture
def desk(shop: Shop) -> Desk:
    shop.rules(*MENU)
    shop.says("hola")
    return Desk(shop, "eva", "admin")


def test_an_agent_answers_and_the_bot_falls_silent(shop: Shop, desk: Desk) -> None:
    assert desk.reply("Soy Eva").status_code == 200
    shop.says("1")
    assert shop.out == ["Menu", "Soy Eva"]
    assert shop.last_sent().agent_id is not None
    assert shop.chat().assigned_to_id == shop.last_sent().agent_id


def test_a_quote_reaches_meta_as_context(shop: Shop, desk: Desk) -> None:
    question = shop.received()[0]
    assert desk.reply("Dime", quote=str(question.pk)).status_code == 200
    assert shop.bodies[-1]["context"] == {"message_id": question.wamid}


def test_the_same_form_twice_sends_once(shop: Shop, desk: Desk) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        assert desk.reply("Soy Eva", key=key).status_code == 200
    assert shop.out == ["Menu", "Soy Eva"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 4097])
def test_what_whatsapp_would_refuse_is_not_sent(shop: Shop, desk: Desk, text: str) -> None:
    assert desk.reply(text).status_code == 422
    assert shop.out == ["Menu"]
    assert shop.chat().handler == "bot"


def test_the_composer_says_when_the_window_is_closed(shop: Shop, desk: Desk) -> None:
    shop.silence(hours=25)
    answer = desk.reply("¿Sigues ahí?")
    assert answer.status_code == 422
    assert "24 horas" in answer.content.decode()
    assert shop.out == ["Menu"]


def test_the_chat_goes_back_to_the_bot_at_a_step(shop: Shop, desk: Desk) -> None:
    desk.reply("Soy Eva")
    answer = desk.post(f"/chats/{shop.chat().pk}/devolver", step="paso_uno")
    assert answer.status_code == 204
    assert shop.out == ["Menu", "Soy Eva", "En uno"]
    assert shop.chat().handler == "bot"


def test_the_chat_does_not_go_to_a_step_that_is_not_there(shop: Shop, desk: Desk) -> None:
    desk.reply("Soy Eva")
    assert desk.post(f"/chats/{shop.chat().pk}/devolver", step="nada").status_code == 422
    assert shop.chat().handler == "agent"


def test_a_finished_chat_says_goodbye_and_starts_again(shop: Shop, desk: Desk) -> None:
    shop.set_env(CLOSING_MESSAGE="Fue un placer")
    desk.reply("Soy Eva")
    assert desk.post(f"/chats/{shop.chat().pk}/finalizar").status_code == 204
    assert shop.out == ["Menu", "Soy Eva", "Fue un placer"]
    assert shop.heard_after(lambda: shop.says("hola")) == ["Menu"]


def test_opening_a_chat_gives_the_client_blue_ticks(shop: Shop, desk: Desk) -> None:
    assert shop.chat().unread_count == 1
    assert desk.post(f"/chats/{shop.chat().pk}/leido").status_code == 204
    assert shop.chat().unread_count == 0
    (receipt,) = shop.meta.receipts
    assert receipt["message_id"] == shop.received()[-1].wamid


def test_every_message_of_a_chat_is_on_its_page(shop: Shop, desk: Desk) -> None:
    shop.says("<script>alert(1)</script>")
    page = desk.get(f"/chats/{shop.chat().pk}/").content.decode()
    assert "Menu" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_a_failed_message_shows_its_reason(shop: Shop, desk: Desk) -> None:
    shop.meta.fail_next(131030)
    desk.reply("Soy Eva")
    page = desk.get(f"/chats/{shop.chat().pk}/").content.decode()
    assert shop.last_sent().error_text[:40] in page


def test_an_agent_of_another_role_does_not_find_the_chat(shop: Shop, desk: Desk) -> None:
    shop.role("tiquetes")
    shop.rule("menu_principal|tiq|Tiquetes", role_keyword="tiquetes")
    shop.says("tiq")
    stranger, member = Desk(shop, "coti", "cotizar"), Desk(shop, "tito", "tiquetes")
    chat = shop.chat().pk
    assert member.get(f"/chats/{chat}/").status_code == 200
    for path in (f"/chats/{chat}/", f"/chats/{chat}/mensajes"):
        assert stranger.get(path).status_code == 404
    for act in ("responder", "leido", "devolver", "finalizar"):
        form = {"text": "x", "key": str(uuid.uuid4())}
        assert stranger.post(f"/chats/{chat}/{act}", **form).status_code == 404
    assert shop.out == ["Menu", "Tiquetes"]


def test_an_agent_of_another_company_does_not_find_the_chat(
    shop: Shop, desk: Desk, other_shop: Shop
) -> None:
    shop.says("hola", by=BETO)
    chat = shop.chat(BETO).pk
    stranger = Desk(other_shop, "beta", "admin")
    for act in ("", "mensajes"):
        assert stranger.get(f"/chats/{chat}/{act}").status_code == 404
    for act in ("responder", "leido", "devolver", "finalizar"):
        form = {"text": "x", "key": str(uuid.uuid4())}
        assert stranger.post(f"/chats/{chat}/{act}", **form).status_code == 404
    answer = stranger.get(f"/chats/{chat}/?tenant=acme")
    assert answer.status_code == 302  # nobody there: to the login
    assert "/login" in answer["Location"]


def test_nobody_enters_without_login(shop: Shop, desk: Desk) -> None:
    chat = shop.chat().pk
    answer = outside(Client().post, f"/chats/{chat}/responder?tenant=acme", {"text": "x"})
    assert answer.status_code == 302
    assert shop.out == ["Menu"]
