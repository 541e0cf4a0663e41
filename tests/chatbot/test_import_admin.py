"""An import from the browser: what is shown before, what is undone after, the template."""

import io
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from chatbot.models import BotSession, Rule, RuleEdit
from chatbot.publishing import pending, publish, published_rules
from conversations import button_undo
from conversations.models import Contact, Conversation, QuickReply
from tenants.context import tenant_context
from tenants.models import Role, User
from tests.chatbot.test_admin import (  # noqa: F401  (fixtures)
    BUTTONS,
    RULES,
    TITLES,
    _files,
    browser,
    confirm,
    upload,
)
from tests.lib.sheets import sheet
from whapco.lib.spreadsheets import read_table

UNDO_BUTTONS = f"{BUTTONS}importar/deshacer/"


@pytest.fixture
def shop(browser: Client, companies: SimpleNamespace) -> Any:  # noqa: F811
    """acme, entered, with a published rule."""
    with tenant_context(companies.acme):
        Rule.objects.create(step="menu", trigger="1", reply="Uno")
        publish()
        yield browser


def shown(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_preview_shows_what_changes_and_who_stands_there(shop: Client) -> None:
    contact = Contact.objects.create(wa_id="57300")
    chat = Conversation.objects.create(contact=contact, phone_number_id="111")
    BotSession.objects.create(conversation=chat, step="menu", contact_spoke_at=timezone.now())
    rows = (["menu", "1", "Otro"], ["menu", "2", "Dos"])
    page = shown(upload(shop, sheet(TITLES, *rows)))
    assert "1 nuevas · 1 cambiadas · 0 iguales · 0 errores" in page
    assert "<del>Uno</del>" in page
    assert "<ins>Otro</ins>" in page
    assert "Hay 1 chat abierto en un paso que cambia: menu (1)" in page


def test_the_preview_tells_what_the_checker_would_say_of_the_result(shop: Client) -> None:
    content = sheet([*TITLES, "siguiente_step"], ["menu", "1", "Uno", "", "", "no_existe"])
    page = shown(upload(shop, content))
    assert "Lo que la revisión encuentra" in page
    assert "no_existe" in page.split("Lo que la revisión encuentra")[1].split("Cambian")[0]
    assert Rule.objects.get().next_step == ""


def test_an_import_lands_in_the_draft_and_is_undone_from_its_message(shop: Client) -> None:
    before = list(Rule.objects.order_by("pk").values_list("pk", "reply"))
    preview = upload(shop, sheet(TITLES, ["menu", "1", "Otro"], ["menu", "2", "Dos"]))
    done = shown(shop.get(confirm(shop, preview).url))
    edit = RuleEdit.objects.get()
    assert (edit.kind, edit.author, edit.title) == ("importar", "jefa", "reglas.xlsx")
    undo = f"{RULES}historial/{edit.pk}/deshacer/"
    assert f'formaction="{undo}">Deshacer esta importación' in done
    assert f'<a href="{RULES}publicar/">Revisar y publicar</a>' in done
    assert pending().size == 2
    assert [rule.reply for rule in published_rules()] == ["Uno"]
    shop.post(undo)
    assert list(Rule.objects.order_by("pk").values_list("pk", "reply")) == before
    assert pending().size == 0


def test_nothing_to_import_is_said_and_not_confirmed(shop: Client) -> None:
    same = shown(upload(shop, sheet(TITLES, ["menu", "1", "Uno"])))
    assert "todo está igual" in same
    assert "process_import" not in same
    assert "no tiene filas" in shown(upload(shop, sheet(TITLES)))


def test_long_previews_are_cut_and_counted(shop: Client) -> None:
    page = shown(upload(shop, sheet(TITLES, *(["m", f"n{n}", "x"] for n in range(250)))))
    assert "250 nuevas" in page
    assert page.count("<li>Fila") == 200
    assert "primeras 200" in page


def test_quick_replies_are_undone_as_a_whole(shop: Client) -> None:
    old = QuickReply.objects.create(name="Saludo", message="Hola\r\n", options=[1])
    old.medias.create(url="https://a.example/1.jpg", position=3)
    titles = ["nombre", "mensaje", "media_url"]
    preview = upload(shop, sheet(titles, ["saludo", "Otro", None], ["B", "Nueva", None]), BUTTONS)
    done = shown(shop.get(confirm(shop, preview, BUTTONS).url))
    assert QuickReply.objects.count() == 2
    assert f'action="{UNDO_BUTTONS}"' in done
    assert "Deshacer la última importación" in shown(shop.get(f"{BUTTONS}import/"))
    assert "2 respuestas rápidas" in shown(shop.post(UNDO_BUTTONS, follow=True))
    assert QuickReply.objects.values_list("pk", "name", "message", "options").get() == (
        old.pk,
        "Saludo",
        "Hola\r\n",
        [1],
    )
    assert old.medias.values_list("url", "position").get() == ("https://a.example/1.jpg", 3)
    assert "Ya no hay una importación" in shown(shop.post(UNDO_BUTTONS, follow=True))


def test_quick_replies_that_changed_since_are_not_undone(shop: Client) -> None:
    confirm(shop, upload(shop, sheet(["nombre", "mensaje"], ["A", "a"]), BUTTONS), BUTTONS)
    QuickReply.objects.update(message="b")
    assert "alguien cambió después «A»" in shown(shop.post(UNDO_BUTTONS, follow=True))
    assert QuickReply.objects.get().message == "b"


def test_the_last_import_is_undone_for_a_day_and_by_its_company(
    shop: Client, companies: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(shop, upload(shop, sheet(["nombre", "mensaje"], ["A", "a"]), BUTTONS), BUTTONS)
    assert button_undo.can_undo()
    with tenant_context(companies.beta):
        assert not button_undo.can_undo()
    monkeypatch.setattr(button_undo, "KEPT_SECONDS", 0)
    assert not button_undo.can_undo()


@pytest.mark.parametrize("page", [RULES, BUTTONS])
def test_the_template_imports_as_it_is_without_its_examples(shop: Client, page: str) -> None:
    answer = shop.get(f"{page}plantilla/")
    assert answer["Content-Disposition"].startswith('attachment; filename="plantilla-')
    assert "no tiene filas" in shown(upload(shop, answer.content, page))
    book = load_workbook(io.BytesIO(answer.content))
    sheet_name = book.sheetnames[0]
    examples, filled = book["ejemplos"], book[sheet_name]
    for number, row in enumerate(examples.iter_rows(min_row=3, values_only=True), 2):
        for place, value in enumerate(row, 1):
            filled.cell(number, place).value = value
    stream = io.BytesIO()
    book.save(stream)
    assert "0 errores" in shown(upload(shop, stream.getvalue(), page))
    del book[sheet_name]
    alone = io.BytesIO()
    book.save(alone)
    assert "le falta la columna" in shown(upload(shop, alone.getvalue(), page))


def test_the_template_offers_the_words_and_roles_of_the_company(shop: Client) -> None:
    Role.objects.create(keyword="ventas", name="Ventas")
    book = load_workbook(io.BytesIO(shop.get(f"{RULES}plantilla/").content))
    rules, lists = book["reglas"], book["listas"]
    titles = [cell.value for cell in rules[1]]
    offered = {}
    for offer in rules.data_validations.dataValidation:
        title = titles[next(iter(offer.sqref.ranges)).min_col - 1]
        area = lists[offer.formula1.split("!")[1].replace("$", "")]
        cells = area if isinstance(area, tuple) else ((area,),)
        offered[title] = [row[0].value for row in cells]
    assert offered["coincidencia"] == ["exacta", "contiene"]
    assert "boton" in offered["tipo"]
    assert "ventas" in offered["rol_keyword"]
    assert offered["derivar"] == ["si", "no"]
    assert all(cell.comment for cell in rules[1])
    assert rules["B2"].number_format == "@"


def test_a_download_is_neutral_in_excel(shop: Client) -> None:
    from chatbot.rule_sheet import RULE_COLUMNS

    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "'x", "\t=1"]
    for text in texts:
        Rule.objects.create(step="m", trigger=text, reply=text)
    content = shop.post(f"{RULES}export/", {"format": "0", "resource": "0"}).content
    page = load_workbook(io.BytesIO(content)).worksheets[0]
    cells = [cell for row in page.iter_rows(min_row=2) for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    marked = {cell.value for cell in cells if cell.quotePrefix}
    assert {"=1+1", "+1", "-1", "@SUM(A1)"} <= marked
    replies = [row.cells["respuesta"] for row in read_table(content, RULE_COLUMNS).rows]
    assert replies == ["Uno", "=1+1", "+1", "-1", "@SUM(A1)", "'x", "=1"]


def test_agents_get_no_template(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        User.objects.create_user("ana", password="Clave-1234", is_staff=True)
    client = Client()
    client.post("/login?tenant=acme", {"username": "ana", "password": "Clave-1234"})
    assert client.get(f"{RULES}plantilla/").status_code == 403
    assert client.post(UNDO_BUTTONS).status_code == 403
