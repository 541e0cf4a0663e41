"""The rules' admin pages: upload, preview, confirm, download, edit."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chatbot.models import Rule, RuleEdit
from chatbot.publishing import pending, publish, published_rules
from conversations.models import QuickReply
from tenants.context import tenant_context
from tests.chatbot.people import admin_of, agent_of, media_row, rule_form
from tests.lib.sheets import sheet

TITLES = ["step", "input_text", "respuesta", "tipo", "opciones"]
RULES = "/admin/chatbot/rule/"
BUTTONS = "/admin/conversations/quickreply/"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def browser(companies: SimpleNamespace) -> Client:
    """The admin of acme, logged in."""
    return admin_of(companies.acme)


def upload(client: Client, content: bytes, page: str = RULES) -> Any:
    file = SimpleUploadedFile("reglas.xlsx", content)
    data = {"import_file": file, "format": "0", "resource": "0"}
    return client.post(f"{page}import/", data)


def confirm(client: Client, preview: Any, page: str = RULES) -> Any:
    return client.post(f"{page}process_import/", preview.context["confirm_form"].initial)


def test_a_sheet_is_previewed_and_then_imported(
    browser: Client, companies: SimpleNamespace
) -> None:
    preview = upload(browser, sheet(TITLES, ["menu", "1", "Uno"]))
    assert "1 nuevas" in preview.content.decode()
    with tenant_context(companies.acme):
        assert not Rule.objects.exists()
    done = browser.get(confirm(browser, preview).url)
    assert "1 nuevas, 0 cambiadas" in done.content.decode()
    with tenant_context(companies.acme):
        assert Rule.objects.get().reply == "Uno"
        assert pending().size == 1


def test_errors_are_shown_by_row_and_leave_nothing_to_confirm(browser: Client) -> None:
    preview = upload(browser, sheet(TITLES, ["menu", "1", "Uno"], ["menu", "2", None]))
    assert "falta la respuesta" in preview.content.decode()
    assert "confirm_form" not in preview.context


def test_what_is_no_excel_gets_a_sentence(browser: Client) -> None:
    assert "no es un Excel" in upload(browser, b"hola").content.decode()


def test_a_preview_is_confirmed_by_its_own_company_and_once(
    browser: Client, companies: SimpleNamespace
) -> None:
    preview = upload(browser, sheet(TITLES, ["menu", "1", "Uno"]))
    other = admin_of(companies.beta)
    refused = confirm(other, preview)
    assert "sube el archivo otra vez" in other.get(refused.url).content.decode()
    with tenant_context(companies.beta):
        assert not Rule.objects.exists()
    confirm(browser, preview)
    again = browser.get(confirm(browser, preview).url)
    assert "sube el archivo otra vez" in again.content.decode()


def test_nobody_names_a_file_of_their_own(browser: Client, tmp_path: Path) -> None:
    secret = tmp_path / "imports" / "secreto.xlsx"
    secret.parent.mkdir()
    secret.write_bytes(sheet(TITLES, ["menu", "1", "Uno"]))
    data = {"import_file_name": "secreto.xlsx", "original_file_name": "x", "format": "0"}
    answer = browser.post(f"{RULES}process_import/", data)
    assert "sube el archivo otra vez" in browser.get(answer.url).content.decode()


def test_a_download_imports_back_as_the_same(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        Rule.objects.create(step="menu", trigger="1", reply="=Uno")
    answer = browser.post(f"{RULES}export/", {"format": "0", "resource": "0"})
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    preview = upload(browser, io.BytesIO(answer.content).read())
    assert "0 nuevas · 0 cambiadas · 1 iguales" in preview.content.decode()


def test_quick_replies_have_the_same_pages(browser: Client, companies: SimpleNamespace) -> None:
    preview = upload(browser, sheet(["nombre", "mensaje"], ["Saludo", "Hola"]), BUTTONS)
    confirm(browser, preview, BUTTONS)
    with tenant_context(companies.acme):
        assert QuickReply.objects.get().name == "Saludo"
    answer = browser.post(f"{BUTTONS}export/", {"format": "0", "resource": "0"})
    assert answer.content.startswith(b"PK")


def test_saving_a_rule_changes_the_draft_alone(browser: Client, companies: SimpleNamespace) -> None:
    data = rule_form(step=" MENU ", options='[{"id": "a", "title": "A"}]', kind="boton")
    assert browser.post(f"{RULES}add/", data).status_code == 302
    with tenant_context(companies.acme):
        rule = Rule.objects.get()
        assert (rule.step, rule.options) == ("menu", [{"id": "a", "title": "A"}])
        assert published_rules() == ()
        publish()
        pk = rule.pk
    browser.post(f"{RULES}{pk}/delete/", {"post": "yes"})
    with tenant_context(companies.acme):
        assert not Rule.objects.exists()
        assert [rule.step for rule in published_rules()] == ["menu"]
        assert [edit.kind for edit in RuleEdit.objects.all()] == ["borrar", "guardar"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"formula": "medida**2"}, "formula"),
        ({"kind": "boton", "options": '[{"id": "a", "title": "%s"}]' % ("x" * 21)}, "20"),
        ({"reply": ""}, "falta la respuesta"),
        ({"reply": "x" * 4097}, "4096"),
    ],
)
def test_a_form_refuses_what_an_import_refuses(
    browser: Client, companies: SimpleNamespace, fields: dict[str, object], words: str
) -> None:
    answer = browser.post(f"{RULES}add/", rule_form(**fields))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    with tenant_context(companies.acme):
        assert not Rule.objects.exists()


def test_a_media_makes_up_for_a_missing_reply(browser: Client, companies: SimpleNamespace) -> None:
    medias = media_row(url="https://a.example/1.jpg", kind="image")
    answer = browser.post(f"{RULES}add/", rule_form(reply="", kind="image", **medias))
    assert answer.status_code == 302
    with tenant_context(companies.acme):
        assert Rule.objects.get().medias.get().url == "https://a.example/1.jpg"


def test_agents_do_not_reach_the_pages(companies: SimpleNamespace) -> None:
    client = agent_of(companies.acme)
    assert upload(client, sheet(TITLES, ["menu", "1", "Uno"])).status_code in (302, 403)
    with tenant_context(companies.acme):
        assert not Rule.objects.exists()
