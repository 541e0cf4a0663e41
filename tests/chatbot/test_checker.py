"""What the checker says of a rulebook, and what it does not say."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from chatbot.checker import SEVERITIES, Finding, MediaFacts, check
from chatbot.rule_rows import RowReader
from chatbot.rule_sheet import RULE_COLUMNS
from chatbot.rulebook import MediaRef, RuleData
from tests.chatbot.phone import book, rule
from whapco.lib.spreadsheets import open_table
from whapco.lib.upsert import read_records

HELLO = "menu_principal|*|Hola"
FORM = {"flow_id": "1", "flow_cta": "Abrir"}
YES_NO = [{"id": "si", "title": "Sí"}, {"id": "no", "title": "No"}]
MEGABYTE = 1024 * 1024


def findings(*rules: str | RuleData, **facts: Any) -> list[Finding]:
    known = {"initial_step": "menu_principal", "roles": ["Ventas"], "handlers": ["saldo"]}
    return check(book(*rules).rules.values(), **{**known, **facts})


def codes(*rules: str | RuleData, **facts: Any) -> list[str]:
    return [finding.code for finding in findings(*rules, **facts)]


def menu(line: str, *options: dict[str, str], **more: Any) -> RuleData:
    return rule(f"{line}||boton" if line.count("|") == 2 else line, options=[*options], **more)


def option(title: str, step: str = "", **more: str) -> dict[str, str]:
    return {"id": title.lower(), "title": title, **({"step": step} if step else {}), **more}


def picture(reply: str = "", **more: Any) -> RuleData:
    return rule(f"menu_principal|foto|{reply}||image", **more)


LONG = [f"s{n}|*|S|s{n + 1}" for n in range(30)]
# code, rules (the finding is about the last one), facts
FAULTS: list[tuple[str, tuple[str | RuleData, ...], dict[str, Any]]] = [
    ("paso_inexistente", (HELLO, "menu_principal|1|Uno|nada"), {}),
    ("opcion_a_paso_inexistente", (HELLO, menu("menu_principal|1|M", option("A", "nada"))), {}),
    ("lista_se_detiene", ("b|1|B", "c|*|C", HELLO + "|b,c"), {}),
    ("opcion_sin_respuesta", ("menu_principal|iniciar|H", menu("menu_principal|1|M", *YES_NO)), {}),
    ("opcion_repite", (menu("menu_principal|*|M", option("A")),), {}),
    (
        "opcion_a_calculo",
        (rule(HELLO, formula="medida*2"), menu("menu_principal|1|M", *YES_NO)),
        {},
    ),
    (
        "toque_ambiguo",
        ("a|si|A", "b|si|B", "menu_principal|x|X|a,b", menu("menu_principal|*|M", option("Si"))),
        {},
    ),
    ("ids_iguales", (HELLO, menu("a|*|M", option("SI", "a"), option("Sí", "menu_principal"))), {}),
    ("no_espera_toque", ("a|*|A", menu("menu_principal|*|M|a|boton", option("A", "a"))), {}),
    ("cadena_larga", (*LONG[1:], LONG[0]), {"initial_step": "s0"}),
    ("ciclo", (HELLO + "|a", rule("a|*|A|menu_principal", priority=1)), {}),
    ("paso_aislado", (HELLO, "suelto|*|S"), {}),
    ("sin_salida", ("menu_principal|iniciar|Hola",), {}),
    ("tapada", (HELLO, "menu_principal|uno, 1|A", "menu_principal|¡Uno!|B"), {}),
    (
        "tapada",
        (HELLO, rule("menu_principal|precio|A", match="contiene"), "menu_principal|el precio|B"),
        {},
    ),
    ("tapada", (HELLO, "menu_principal|*|Otra"), {}),
    ("palabra_tapada", (HELLO, "menu_principal|uno|A", "menu_principal|uno,dos|B"), {}),
    ("tapada_por_comando", (HELLO, "menu_principal|el menú del día|Sopa"), {}),
    ("sin_palabras", (HELLO, "menu_principal|👍|Gracias"), {}),
    ("archivo_desconocido", (HELLO, "menu_principal|@foto|Gracias"), {}),
    ("calculo_sin_medida", (HELLO, rule("menu_principal|cotizar|{total}", formula="medida*2")), {}),
    ("calculo_malo", (rule(HELLO, formula="medida**2"),), {}),
    ("calculo_sin_total", (HELLO, rule("menu_principal|*|Listo", formula="p1*p2", priority=1)), {}),
    ("total_sin_calculo", (HELLO, "menu_principal|1|Son {total:,}"), {}),
    ("total_mal_escrito", (HELLO, "menu_principal|1|Son { total }"), {}),
    ("sin_respuesta", (HELLO, "menu_principal|1|"), {}),
    ("respuesta_larga", (HELLO, "menu_principal|1|" + "a" * 4097), {}),
    ("opciones_malas", (HELLO, menu("menu_principal|1|M", option("a" * 21))), {}),
    ("opciones_sin_enviar", (HELLO, rule("menu_principal|1|M", options=YES_NO)), {}),
    ("sin_opciones", (HELLO, "menu_principal|1|M||lista"), {}),
    ("formulario_sin_siguiente", (HELLO, rule("menu_principal|1|F||flow", options=FORM)), {}),
    ("sin_archivo", (HELLO, picture("Mira")), {}),
    ("direccion_mala", (HELLO, picture(medias=(MediaRef(url="foto.jpg"),))), {}),
    ("archivo_perdido", (HELLO, picture(medias=(MediaRef(file_id=7),))), {"files": {}}),
    (
        "archivo_perdido",
        (HELLO, picture(medias=(MediaRef(file_id=7),))),
        {"files": {7: MediaFacts(9, "image/png", exists=False)}},
    ),
    (
        "archivo_pesado",
        (HELLO, picture(medias=(MediaRef(file_id=7),))),
        {"files": {7: MediaFacts(6 * MEGABYTE, "image/png")}},
    ),
    (
        "archivo_no_aceptado",
        (HELLO, picture(medias=(MediaRef(file_id=7),))),
        {"files": {7: MediaFacts(9, "application/pdf")}},
    ),
    (
        "audio_con_texto",
        (HELLO, rule("menu_principal|1|Oye||audio", medias=(MediaRef(url="https://a.co/x"),))),
        {},
    ),
    ("rol_desconocido", (HELLO, rule("menu_principal|1|Uno", role_keyword="compras")), {}),
    ("funcion_desconocida", (HELLO, rule("menu_principal|1|Uno", handler="clima")), {}),
]


@pytest.mark.parametrize(("code", "rules", "facts"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_each_fault_is_told_of_its_rule(
    code: str, rules: tuple[str | RuleData, ...], facts: dict[str, Any]
) -> None:
    assert [one.rule_id for one in findings(*rules, **facts) if one.code == code] == [len(rules)]


GOOD: list[tuple[tuple[str | RuleData, ...], dict[str, Any]]] = [
    ((HELLO,), {}),
    (("menu_principal|iniciar|Menu", "menu_principal|1|Uno|uno", "uno|*|En uno"), {}),
    ((HELLO, "menu_principal|1|Info|info", "info|*|Info|menu_principal"), {}),
    (("menu_principal|iniciar|Hola", "menu_principal|1|Uno"), {"fallback_text": "No entendí"}),
    ((menu("menu_principal|*|M", *YES_NO), "menu_principal|si|A", "menu_principal|No|B"), {}),
    ((menu("menu_principal|*|M", option("A", "a")), "a|*|A", "menu_principal|a|Otra"), {}),
    ((menu("menu_principal|*|M", option("A")), "a|*|Como el id"), {}),
    ((menu("menu_principal|*|M", {"id": "x", "title": "Menú"}),), {}),
    ((menu("menu_principal|*|M|espera|boton", option("Si")), "espera|si|A|menu_principal"), {}),
    ((HELLO, "menu_principal|menu|Por toque", menu("menu_principal|1|M", option("Menu"))), {}),
    ((HELLO, "menu_principal|👍|Por toque", menu("menu_principal|1|M", option("👍"))), {}),
    (
        (
            HELLO,
            rule("menu_principal|el precio|A"),
            rule("menu_principal|precio|B", match="contiene"),
        ),
        {},
    ),
    (
        (HELLO, rule("menu_principal|precio|A"), rule("menu_principal|precio|B", match="contiene")),
        {},
    ),
    ((HELLO, rule("menu_principal|*|{total:,}", formula="medida*2", priority=1)), {}),
    ((HELLO, rule("menu_principal|1|Voy", role_keyword="VENTAS", handler="saldo")), {}),
    ((HELLO, rule("menu_principal|1|F|menu_principal|flow", options=FORM)), {}),
    ((HELLO, "menu_principal|@ubicación|Gracias"), {}),
    ((HELLO, "agente|*|De un botón"), {"other_ids": ["agente"]}),
    ((HELLO, picture(medias=(MediaRef(file_id=7),))), {"files": {7: MediaFacts(9, "image/png")}}),
    ((HELLO, picture(medias=(MediaRef(file_id=7),))), {}),
]


@pytest.mark.parametrize(("rules", "facts"), GOOD)
def test_what_works_raises_no_alarm(
    rules: tuple[str | RuleData, ...], facts: dict[str, Any]
) -> None:
    assert findings(*rules, **facts) == []


def test_the_demo_is_in_order() -> None:
    table = open_table(Path(settings.BASE_DIR) / "fixtures" / "reglas.xlsx", RULE_COLUMNS)
    roles = frozenset({"ventas", "soporte"})
    records = read_records(table, RowReader({}, {}, roles).read).records
    rules = [RuleData(number, **record.values) for number, record in enumerate(records, 1)]  # type: ignore[arg-type]
    assert len(rules) > 20
    assert check(rules, initial_step="menu_principal", roles=roles, handlers=[]) == []


def test_a_step_that_does_not_exist_is_named_with_the_one_that_was_meant() -> None:
    (found,) = findings("menu_principal|*|Hola|Cotización", "cotizacion|*|Dime la medida")[:1]
    assert (found.severity, found.code, found.field) == ("error", "paso_inexistente", "next_step")
    assert "«cotización»" in found.message
    assert "¿Quisiste decir «cotizacion»?" in found.message


def test_a_rulebook_without_a_start_answers_nobody() -> None:
    assert codes() == ["sin_inicio"]
    assert codes("otro|*|Hola") == ["sin_inicio"]
    assert codes("menu_principal|1|Uno", fallback_text="¿Cómo?") == ["sin_saludo"]


def test_the_welcome_and_the_first_answer_are_one_chain() -> None:
    greeting = ["menu_principal|iniciar|Hola|s0", *(f"s{n}|*|S|s{n + 1}" for n in range(15))]
    answer = ["s15|1|Uno|t0", *(f"t{n}|*|T|t{n + 1}" for n in range(12)), "t12|*|T"]
    found = [one for one in findings(*greeting, *answer) if one.severity == "error"]
    assert [(one.code, one.step) for one in found] == [("cadena_larga", "s15")]
    assert "saludo" in found[0].message


def test_one_finding_tells_of_a_whole_piece_that_nobody_reaches() -> None:
    found = findings(HELLO, "suelto|*|S|otro", "otro|*|O|final", "final|*|F")
    assert [(one.code, one.step) for one in found] == [("paso_aislado", "suelto")]
    assert "«otro», «final»" in found[0].message


def test_a_long_chain_is_told_once_where_it_starts() -> None:
    rules = [HELLO, *LONG, "s30|*|Fin", "menu_principal|ya|Ya|s0"]
    found = [one for one in findings(*rules) if one.code == "cadena_larga"]
    assert [(one.step, one.trigger) for one in found] == [("menu_principal", "ya")]


def test_an_option_answered_here_is_not_answered_elsewhere() -> None:
    """The menu is sent from another step by its id, and there nobody knows its titles."""
    more = menu("info|mas|¿Seguimos?", {"id": "x", "title": "Claro"})
    rules = (menu("menu_principal|iniciar|M", option("Mas")), more, "info|claro|Vale", "info|*|I")
    (found,) = [one for one in findings(*rules) if one.code == "opcion_sin_respuesta"]
    assert "(estando en «menu_principal»)" in found.message


def test_the_worst_comes_first() -> None:
    rules = (
        HELLO,
        rule("menu_principal|1|Uno|nada", role_keyword="x"),
        "menu_principal|2|D||lista",
    )
    told = [SEVERITIES.index(one.severity) for one in findings(*rules)]
    assert told == sorted(told)
    assert set(told) == {0, 1, 2}
