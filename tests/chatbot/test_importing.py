"""Rules from Excel: upsert, preview, all or nothing."""

import json
from types import SimpleNamespace

import pytest
from django.utils import timezone

from chatbot import publishing
from chatbot.importing import import_rules, rule_lines
from chatbot.models import BotSession, Rule, RulebookVersion
from chatbot.rule_sheet import RULE_COLUMNS
from conversations.models import Contact, Conversation
from media_pipeline.models import MediaFile
from tenants.context import tenant_context
from tenants.models import Role, Tenant
from tests.lib.sheets import sheet
from whapco.lib.spreadsheets import write_table
from whapco.lib.workbook_checks import SheetError

TITLES = [column.name for column in RULE_COLUMNS]
LIST = {
    "header": "Menú principal",
    "button": "Ver opciones",
    "footer": "Selecciona una opción",
    "sections": [
        {
            "title": "Rápido",
            "rows": [
                {"id": "express", "title": "Express", "description": "1 día", "step": "cotizacion"}
            ],
        }
    ],
}


def rules_sheet(*rows: dict[str, object]) -> bytes:
    """A sheet with all columns; rows name only the cells they fill."""
    return sheet(TITLES, *([row.get(title) for title in TITLES] for row in rows))


def rule(trigger: object = "1", reply: object = "Uno", **cells: object) -> dict[str, object]:
    return {"step": "menu", "input_text": trigger, "respuesta": reply, **cells}


def export() -> bytes:
    return write_table(TITLES, rule_lines(Rule.objects.all()), sheet="reglas")


def reasons(content: bytes) -> list[tuple[int, str, str]]:
    result = import_rules(content, dry_run=True)
    return [(error.row, error.column, error.reason) for error in result.errors]


def test_good_rows_are_saved_with_every_column(acme: Tenant) -> None:
    Role.objects.create(keyword="ventas", name="Ventas")
    content = rules_sheet(
        rule(
            step=" Menu_Principal ",
            siguiente_step="a, b",
            tipo="Lista",
            opciones=json.dumps(LIST),
            rol_keyword="ventas",
            prioridad=5.0,
            coincidencia="Contiene",
            derivar="Sí",
        ),
        rule("*", "Total {total:,}", calculo="medida*1700"),
    )
    result = import_rules(content)
    assert (len(result.new), result.errors, result.warnings) == (2, (), ())
    first, second = Rule.objects.order_by("pk")
    assert (first.step, first.trigger, first.next_step) == ("menu_principal", "1", "a, b")
    assert (first.kind, first.options, first.role_keyword) == ("lista", LIST, "ventas")
    assert (first.priority, first.match, first.hands_over) == (5, "contiene", True)
    assert (second.formula, second.priority, second.match) == ("medida*1700", 100, "exacta")
    assert (second.hands_over, second.options, second.kind) == (False, None, "texto")


def test_a_number_as_trigger_is_text(acme: Tenant) -> None:
    import_rules(rules_sheet(rule(1), rule(2.0, "Dos")))
    assert list(Rule.objects.order_by("pk").values_list("trigger", flat=True)) == ["1", "2"]


def test_importing_twice_changes_nothing(acme: Tenant) -> None:
    content = rules_sheet(rule(), rule("Hola, Buenas", "Saludo", opciones="[]"))
    import_rules(content)
    before = list(Rule.objects.order_by("pk").values())
    result = import_rules(content)
    assert (result.new, result.changed, result.same) == ((), (), 2)
    assert list(Rule.objects.order_by("pk").values()) == before


def test_two_errors_name_row_column_and_reason_and_save_nothing(acme: Tenant) -> None:
    content = rules_sheet(
        rule(1), rule(2), rule(3, None), rule(4, tipo="boton", opciones="[{no json")
    )
    result = import_rules(content)
    assert [(error.row, error.column) for error in result.errors] == [
        (4, "respuesta"),
        (5, "opciones"),
    ]
    assert len(result.new) == 2
    assert not Rule.objects.exists()


def test_several_errors_of_one_row_are_told_together(acme: Tenant) -> None:
    found = reasons(
        rules_sheet(rule(None, None, step=None, prioridad="alta", derivar="quizás", opciones="{"))
    )
    assert [column for _row, column, _reason in found] == [
        "step",
        "input_text",
        "opciones",
        "prioridad",
        "derivar",
        "respuesta",
    ]


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"tipo": "karaoke"}, "tipo", "karaoke"),
        ({"coincidencia": "casi"}, "coincidencia", "exacta, contiene"),
        ({"prioridad": 1.5}, "prioridad", "entero"),
        ({"prioridad": 99999999999}, "prioridad", "entero"),
        ({"calculo": "__import__('os').system('x')"}, "calculo", ""),
        ({"respuesta": "x" * 4097}, "respuesta", "4096"),
        ({"rol_keyword": "r" * 51}, "rol_keyword", "50"),
        ({"media_url": "foto.jpg"}, "media_url", "foto.jpg"),
        ({"media_url": "ftp://a/b.jpg"}, "media_url", "http(s)"),
        ({"media_url": "https://a/1.jpg", "media_tipo": "holograma"}, "media_tipo", "holograma"),
        ({"media_url": "https://a/1", "media_tipo": "image,video"}, "media_tipo", "2 tipos"),
        ({"tipo": "boton", "opciones": '[{"id":"a","title":"%s"}]' % ("x" * 21)}, "opciones", "20"),
        ({"opciones": '{"a": NaN}'}, "opciones", "JSON"),
        ({"opciones": "{“a”: 1}"}, "opciones", "comillas"),
        ({"opciones": "[" * 100_000}, "opciones", "JSON"),
        ({"opciones": '"\\ud800"'}, "opciones", "JSON"),
    ],
)
def test_a_bad_cell_is_named(
    acme: Tenant, cells: dict[str, object], column: str, words: str
) -> None:
    ((row, found, reason),) = reasons(rules_sheet(rule(**{"respuesta": "Uno", **cells})))
    assert (row, found) == (2, column)
    assert words in reason


def test_an_empty_reply_is_an_error_only_where_something_must_be_said(acme: Tenant) -> None:
    link = "https://acme.example/a.jpg"
    content = rules_sheet(
        rule(1, None, tipo="image"),
        rule(2, None, media_url=link),
        rule(3, None, tipo="flow", opciones='{"flow_id":"1","flow_cta":"Abrir"}'),
        rule(4, None, tipo="lista"),
        rule(5, None, tipo="boton"),
    )
    assert [row for row, _column, _reason in reasons(content)] == [5, 6]


@pytest.mark.parametrize("yes", ["si", "Sí", "x", "X", "1", 1, True, "true"])
def test_ways_to_say_yes(acme: Tenant, yes: object) -> None:
    import_rules(rules_sheet(rule(derivar=yes)))
    assert Rule.objects.get().hands_over


@pytest.mark.parametrize("no", [None, "no", "0", 0, False, "false"])
def test_ways_to_say_no(acme: Tenant, no: object) -> None:
    import_rules(rules_sheet(rule(derivar=no)))
    assert not Rule.objects.get().hands_over


def test_a_rule_is_its_step_and_its_normalised_triggers(acme: Tenant) -> None:
    import_rules(rules_sheet(rule("Hola, ¡Buenas!", "A"), rule("*", "B"), rule("@Imagen", "C")))
    result = import_rules(
        rules_sheet(
            rule("hola;BUENAS", "A2", step="MENU"),
            rule("*", "B"),
            rule("@imagen", "C2"),
            rule("hola", "D"),
        )
    )
    assert (len(result.new), len(result.changed), result.same) == (1, 2, 1)
    assert set(Rule.objects.values_list("reply", flat=True)) == {"A2", "B", "C2", "D"}


def test_the_preview_shows_the_cells_that_change(acme: Tenant) -> None:
    import_rules(rules_sheet(rule(reply="Uno", prioridad=1)))
    result = import_rules(rules_sheet(rule(reply="Otro", prioridad=1)), dry_run=True)
    ((change,),) = (row.cells for row in result.changed)
    assert (change.column, change.before, change.after) == ("respuesta", "Uno", "Otro")
    assert Rule.objects.get().reply == "Uno"


def test_of_two_equal_rows_the_last_wins_and_the_preview_names_both(acme: Tenant) -> None:
    result = import_rules(rules_sheet(rule("Sí", "Primera"), rule(2), rule("si", "Última")))
    assert "2 y 4" in result.warnings[0]
    assert set(Rule.objects.values_list("trigger", "reply")) == {("2", "Uno"), ("si", "Última")}


def test_an_error_in_a_row_that_loses_is_told_too(acme: Tenant) -> None:
    assert reasons(rules_sheet(rule("si", None), rule("si", "Última")))[0][0] == 2


def test_rows_that_the_file_lacks_stay(acme: Tenant) -> None:
    import_rules(rules_sheet(rule(1), rule(2)))
    import_rules(rules_sheet(rule(2, "Dos")))
    assert set(Rule.objects.values_list("trigger", "reply")) == {("1", "Uno"), ("2", "Dos")}


def test_columns_that_the_file_lacks_keep_their_values(acme: Tenant) -> None:
    import_rules(rules_sheet(rule(prioridad=7, media_url="https://a.example/1.jpg")))
    result = import_rules(sheet(["step", "input_text", "respuesta"], ["menu", "1", "Otro"]))
    assert [change.column for change in result.changed[0].cells] == ["respuesta"]
    stored = Rule.objects.get()
    assert (stored.priority, stored.medias.count()) == (7, 1)


def test_an_empty_cell_empties_the_field(acme: Tenant) -> None:
    import_rules(rules_sheet(rule(prioridad=7, siguiente_step="otro", opciones='{"a":1}')))
    import_rules(rules_sheet(rule()))
    stored = Rule.objects.filter(options__isnull=True).get()
    assert (stored.priority, stored.next_step) == (100, "")


def test_medias_are_split_kinded_and_ordered(acme: Tenant) -> None:
    links = [f"https://a.example/{number}" for number in range(4)]
    content = rules_sheet(
        rule(1, tipo="image", media_url=f"{links[0]}, {links[1]}\n{links[2]}||{links[3]}"),
        rule(2, media_url=f"{links[0]}\n{links[1]}", media_tipo="imagen, audio/ogg"),
        rule(3, media_url="https://a.example/plano.pdf"),
    )
    import_rules(content)
    first, second, third = Rule.objects.order_by("pk")
    assert list(first.medias.values_list("url", "kind")) == [(link, "image") for link in links]
    assert [media.kind for media in second.medias.all()] == ["image", "audio"]
    assert third.medias.get().kind == "document"
    assert import_rules(content).same == 3


def test_changed_medias_replace_the_old_ones(acme: Tenant) -> None:
    import_rules(rules_sheet(rule(media_url="https://a.example/1.jpg\nhttps://a.example/2.jpg")))
    result = import_rules(rules_sheet(rule(media_url="https://a.example/2.jpg")))
    assert [change.column for change in result.changed[0].cells] == ["media_url", "media_tipo"]
    assert list(Rule.objects.get().medias.values_list("url")) == [("https://a.example/2.jpg",)]


def test_an_uploaded_file_is_named_by_its_path(acme: Tenant) -> None:
    file = MediaFile.objects.create(path="reglas/a1.jpg", mime_type="image/jpeg", size=1, sha256="")
    import_rules(rules_sheet(rule(tipo="image", media_url="reglas/a1.jpg")))
    media = Rule.objects.get().medias.get()
    assert (media.file_id, media.url) == (file.pk, "")
    assert import_rules(export()).same == 1


def test_an_export_imports_back_identical(acme: Tenant) -> None:
    Role.objects.create(keyword="ventas", name="Ventas")
    hard = rule(
        "=1+1",
        "=HOY()\nlínea 👍",
        tipo="lista",
        opciones=json.dumps(LIST),
        media_url="https://a.example/1.jpg",
        derivar="x",
        coincidencia="contiene",
        rol_keyword="ventas",
    )
    import_rules(rules_sheet(hard, rule("007", "#N/A", prioridad=-3), rule("*", "Fin")))
    Rule.objects.create(step="menu", trigger="a,\r\nb", reply="del formulario\r\n")
    twin = Rule.objects.create(step="menu", trigger="007", reply="repetida de antes")
    twin.medias.create(url="https://a.example/x,y.jpg", kind="image")
    before = list(Rule.objects.order_by("pk").values())
    result = import_rules(export())
    assert (result.new, result.changed, result.errors) == ((), (), ())
    assert list(Rule.objects.order_by("pk").values()) == before


def test_unknown_roles_and_functions_are_warnings(acme: Tenant) -> None:
    result = import_rules(rules_sheet(rule(rol_keyword="nadie", handler="ninguna"), rule("👍")))
    assert ["nadie" in result.warnings[0], "ninguna" in result.warnings[1]] == [True, True]
    assert "letras" in result.warnings[2]
    assert Rule.objects.count() == 2


def test_open_chats_on_a_changed_step_are_counted(acme: Tenant) -> None:
    for number, (step, is_open) in enumerate([("menu", True), ("menu", False), ("otro", True)]):
        contact = Contact.objects.create(wa_id=str(number))
        chat = Conversation.objects.create(contact=contact, phone_number_id="111")
        BotSession.objects.create(
            conversation=chat, step=step, is_open=is_open, contact_spoke_at=timezone.now()
        )
    result = import_rules(rules_sheet(rule()), dry_run=True)
    assert (dict(result.open_chats), result.open_chats_count) == ({"menu": 1}, 1)


def test_an_import_moves_the_rulebook_and_a_preview_does_not(acme: Tenant) -> None:
    publishing.publish()
    before = RulebookVersion.objects.get().version
    import_rules(rules_sheet(rule()), dry_run=True)
    assert RulebookVersion.objects.get().version == before
    import_rules(rules_sheet(rule()))
    assert RulebookVersion.objects.get().version == before + 1


def test_the_list_of_the_documentation_is_accepted_verbatim(acme: Tenant) -> None:
    assert reasons(rules_sheet(rule(tipo="lista", opciones=json.dumps(LIST, indent=1)))) == []


def test_a_file_without_titles_is_read_by_position(acme: Tenant) -> None:
    result = import_rules(sheet(["uno", "dos", "tres", "cuatro"], ["menu", "1", "Uno", "fin"]))
    assert "por posición" in result.warnings[0]
    assert Rule.objects.get().next_step == "fin"


def test_what_is_no_excel_is_refused(acme: Tenant) -> None:
    with pytest.raises(SheetError):
        import_rules(b"step,input_text\n")


def test_rules_land_in_the_active_company_only(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        import_rules(rules_sheet(rule()))
    for tenant in (companies.beta, companies.control):
        with tenant_context(tenant):
            assert not Rule.objects.exists()
