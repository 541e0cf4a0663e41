"""An owner brings rules from Excel, sees what would change, imports, and takes it back."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.lib.sheets import sheet

RULES, BUTTONS = "/admin/chatbot/rule/", "/admin/conversations/quickreply/"
TITLES = ["step", "input_text", "respuesta", "siguiente_step"]
FIRST = (["excel", "uno", "Uno", ""], ["excel", "dos", "Dos", ""])
SECOND = (["excel", "uno", "Otro texto", "no_existe"], ["excel", "tres", "Tres", ""])


def upload(page: Page, path: Path, content: bytes, to: str = RULES) -> None:
    path.write_bytes(content)
    page.goto(f"{to}import/")
    page.get_by_label("Archivo de Excel").set_input_files(path)
    page.get_by_role("button", name="Ver vista previa").click()
    expect(page.get_by_role("heading", name="Vista previa")).to_be_visible()


def test_rules_are_previewed_imported_and_taken_back(desk: Page, tmp_path: Path) -> None:
    upload(desk, tmp_path / "uno.xlsx", sheet(TITLES, *FIRST))
    desk.get_by_role("button", name="Importar", exact=True).click()
    expect(desk.locator(".messagelist .success")).to_contain_text("2 nuevas")
    upload(desk, tmp_path / "dos.xlsx", sheet(TITLES, *SECOND))
    expect(desk.locator("ins").first).to_have_text("Otro texto")
    expect(desk.locator(".findings")).to_contain_text("no_existe")
    desk.get_by_role("button", name="Importar", exact=True).click()
    expect(desk.get_by_role("link", name="Revisar y publicar").first).to_be_visible()
    desk.get_by_role("button", name="Deshacer esta importación").click()
    upload(desk, tmp_path / "uno.xlsx", sheet(TITLES, *FIRST))
    expect(desk.locator(".sheet-counts")).to_contain_text("0 nuevas · 0 cambiadas · 2 iguales")
    expect(desk.get_by_role("button", name="Importar", exact=True)).to_have_count(0)


def test_errors_fit_a_phone(phone: Page, tmp_path: Path) -> None:
    upload(phone, tmp_path / "mal.xlsx", sheet(TITLES, ["excel", "uno", None, ""]))
    expect(phone.get_by_text("falta la respuesta.")).to_be_visible()
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert phone.evaluate(wide)


def test_a_second_click_is_not_taken(desk: Page, tmp_path: Path) -> None:
    upload(desk, tmp_path / "b.xlsx", sheet(["nombre", "mensaje"], ["Excel", "Hola"]), BUTTONS)
    # An answer without a page leaves this one in view, as while the server takes its time.
    desk.route("**/process_import/", lambda route: route.fulfill(status=204))
    desk.get_by_role("button", name="Importar", exact=True).click(no_wait_after=True)
    expect(desk.get_by_role("button", name="Importar", exact=True)).to_be_disabled()
    expect(desk.get_by_role("status")).to_have_text("Importando… No cierres esta página.")


def test_a_template_is_downloaded(desk: Page) -> None:
    desk.goto(f"{RULES}import/")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Descargar la plantilla").click()
    assert download.value.suggested_filename == "plantilla-reglas.xlsx"
