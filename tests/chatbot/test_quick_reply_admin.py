"""Quick replies are written with the tools of rules."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from conversations.models import QuickReply, QuickReplyMedia
from tenants.context import tenant_context
from tests.chatbot.people import admin_of, media_row

BUTTONS = "/admin/conversations/quickreply/"


@pytest.fixture
def browser(companies: SimpleNamespace) -> Client:
    return admin_of(companies.acme)


def button_form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Saludo",
        "category": "",
        "kind": "texto",
        "message": "Hola",
        "options": "",
        "medias-TOTAL_FORMS": "0",
        "medias-INITIAL_FORMS": "0",
        **fields,
    }


def test_one_is_written_found_and_copied(browser: Client, companies: SimpleNamespace) -> None:
    options = json.dumps([{"id": "si", "title": "Sí, envíalo"}])
    row = media_row(url="https://a.example/1.jpg")
    data = button_form(kind="boton", options=options, name="", message="¿Te lo envío?", **row)
    assert browser.post(f"{BUTTONS}add/", data).status_code == 302
    with tenant_context(companies.acme):
        button = QuickReply.objects.get()
        assert (button.name, button.medias.count()) == ("¿Te lo envío?", 1)
    for words, count in (("envialo", 1), ("te lo envio", 1), ("otra", 0)):
        found = browser.get(BUTTONS, {"q": words}).context["cl"].result_list
        assert len(found) == count
    browser.post(f"{BUTTONS}{button.pk}/duplicar/")
    with tenant_context(companies.acme):
        assert QuickReply.objects.latest("pk").name == "¿Te lo envío? (copia)"
        assert QuickReplyMedia.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"message": ""}, "falta la respuesta"),
        ({"kind": "boton", "options": '[{"id": "a", "title": "%s"}]' % ("x" * 21)}, "20"),
        ({"options": "{"}, "JSON no es válido"),
    ],
)
def test_what_whatsapp_refuses_is_refused(
    browser: Client, fields: dict[str, str], words: str
) -> None:
    answer = browser.post(f"{BUTTONS}add/", button_form(**fields))
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_who_saves_second_is_told(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        button = QuickReply.objects.create(name="Saludo", message="Hola")
    address = f"{BUTTONS}{button.pk}/change/"
    loaded = browser.get(address).context["adminform"].form["loaded"].value()
    other = admin_of(companies.acme, "luisa")
    assert other.post(address, button_form(message="De Luisa", loaded=loaded)).status_code == 302
    told = browser.post(address, button_form(message="Mía", loaded=loaded))
    conflict = told.context["conflict"]
    assert conflict.who == "luisa"
    assert [(one.theirs, one.mine) for one in conflict.fields] == [("De Luisa", "Mía")]
    over = button_form(message="Mía", loaded=loaded, _overwrite=conflict.revision)
    assert browser.post(address, over).status_code == 302
    with tenant_context(companies.acme):
        assert QuickReply.objects.get().message == "Mía"


def test_the_preview_reads_the_message(browser: Client) -> None:
    shown = browser.post(f"{BUTTONS}vista-previa/", button_form(message="_Hola_"))
    assert "<em>Hola</em>" in shown.content.decode()
    assert browser.get(f"{BUTTONS}vista-previa/").status_code == 405
