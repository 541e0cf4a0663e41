"""Quick replies from Excel."""

from typing import Any

from conversations.button_sheet import BUTTON_COLUMNS
from conversations.importing import button_lines, import_buttons
from conversations.models import QuickReply
from tenants.models import Tenant
from tests.lib.sheets import sheet
from whapco.lib.spreadsheets import write_table

TITLES = [column.name for column in BUTTON_COLUMNS]


def buttons_sheet(*rows: dict[str, object]) -> bytes:
    return sheet(TITLES, *([row.get(title) for title in TITLES] for row in rows))


def button(name: str, message: str | None = "Hola", **cells: object) -> dict[str, object]:
    return {"nombre": name, "mensaje": message, **cells}


def stored() -> list[dict[str, Any]]:
    return list(QuickReply.objects.order_by("pk").values())


def test_good_rows_are_saved_with_every_column(acme: Tenant) -> None:
    links = "https://a.example/1.jpg, https://a.example/2.jpg\nhttps://a.example/3.jpg"
    import_buttons(
        buttons_sheet(
            button("Catálogo", tipo="Imagen", media_url=links, categoria="Ventas", opciones="[]")
        )
    )
    saved = QuickReply.objects.get()
    assert (saved.name, saved.message, saved.kind, saved.category) == (
        "Catálogo",
        "Hola",
        "image",
        "Ventas",
    )
    assert saved.options == []
    medias = saved.medias.order_by("position").values_list("url", flat=True)
    assert [url[-5:] for url in medias] == ["1.jpg", "2.jpg", "3.jpg"]


def test_a_button_is_its_name_and_category(acme: Tenant) -> None:
    import_buttons(buttons_sheet(button("A", categoria="X"), button("A", categoria="Y")))
    result = import_buttons(
        buttons_sheet(button("a", "Otro", categoria="x"), button("A", categoria="Y"))
    )
    assert (len(result.new), len(result.changed), result.same) == (0, 1, 1)
    assert sorted(QuickReply.objects.values_list("message", flat=True)) == ["Hola", "Otro"]


def test_importing_twice_changes_nothing(acme: Tenant) -> None:
    content = buttons_sheet(button("A", media_url="https://a.example/1.jpg"), button("B"))
    import_buttons(content)
    before = stored()
    assert import_buttons(content).same == 2
    assert stored() == before


def test_errors_of_all_rows_are_told_and_nothing_is_saved(acme: Tenant) -> None:
    result = import_buttons(
        buttons_sheet(
            button("A"),
            button("B", None),
            button("C", opciones="{"),
            button("D", tipo="karaoke"),
            button("E", "x" * 4097),
            button("F", None, media_url="https://a.example/1.jpg"),
            button("G", media_url="C:\\fotos\\1.jpg"),
        )
    )
    assert [(error.row, error.column) for error in result.errors] == [
        (3, "mensaje"),
        (4, "opciones"),
        (5, "tipo"),
        (6, "mensaje"),
        (8, "media_url"),
    ]
    assert stored() == []


def test_a_button_without_a_name_is_called_by_its_message(acme: Tenant) -> None:
    content = sheet(["mensaje"], ["Gracias por escribirnos\nHasta pronto"])
    import_buttons(content)
    assert QuickReply.objects.get().name == "Gracias por escribirnos"
    assert import_buttons(content).same == 1


def test_columns_that_the_file_lacks_keep_their_values(acme: Tenant) -> None:
    import_buttons(buttons_sheet(button("A", tipo="image", media_url="https://a.example/1.jpg")))
    import_buttons(sheet(["Mensaje", "Nombre"], ["Otro", "A"]))
    saved = QuickReply.objects.get()
    assert (saved.message, saved.kind, saved.medias.count()) == ("Otro", "image", 1)


def test_an_export_imports_back_identical(acme: Tenant) -> None:
    import_buttons(
        buttons_sheet(
            button("=A1", "¡Hola, {{nombre}}! 👋\nChao", categoria="Saludos"),
            button("B", None, media_url="https://a.example/1.jpg\nhttps://a.example/2.jpg"),
        )
    )
    before = stored()
    content = write_table(TITLES, button_lines(QuickReply.objects.all()), sheet="botones")
    assert import_buttons(content).same == 2
    assert stored() == before
