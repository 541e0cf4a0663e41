"""Taps of buttons and rows: the seven places to look, in their order."""

from typing import Any

import pytest

from chatbot.engine import Event, wants_command
from chatbot.rulebook import RuleData
from tests.chatbot.phone import NOON, TIMEOUT_TEXT, Phone, book, rule

ROWS = [
    {"id": "express", "title": "Express", "description": "1 día", "step": "cotizacion"},
    {"id": "lento", "title": "Lento"},
]


def menu(line: str, *rows: dict[str, Any]) -> RuleData:
    return rule(f"{line}|¿Qué necesitas?||lista", options=[{"title": "T", "rows": list(rows)}])


MENU = menu("menu_principal|menu", *ROWS)


def test_a_row_leads_to_its_step() -> None:
    phone = Phone(book(MENU, "cotizacion|*|Cotizando"), at="menu_principal")
    assert phone.tap("express", source=1) == ["Cotizando"]
    assert phone.step == "cotizacion"


def test_a_button_leads_to_its_step() -> None:
    options = [
        {"type": "reply", "reply": {"id": "si", "title": "Sí"}, "step": "ok_step"},
        {"type": "reply", "reply": {"id": "no", "title": "No"}, "step": "no_step"},
    ]
    rules = book(rule("m|x|¿Seguro?||boton", options=options), "ok_step|*|OK!", "no_step|*|NO")
    assert Phone(rules, at="m").tap("si", source=1) == ["OK!"]
    assert Phone(rules, at="m").tap("no", source=1) == ["NO"]


def test_an_option_may_lead_through_a_list_of_steps() -> None:
    options = [{"id": "si", "title": "Sí", "next_step": "a, b"}]
    rules = book(rule("m|x|?||boton", options=options), "a|*|AAA", "b|*|BBB")
    phone = Phone(rules, at="m")
    assert phone.tap("si", source=1) == ["AAA", "BBB"]
    assert phone.step == "b"


def test_an_old_menu_works_after_the_contact_moved_on() -> None:
    rules = book(MENU, "cotizacion|*|Cotizando", "lejos|express|Otra cosa")
    phone = Phone(rules, at="lejos")
    assert phone.tap("express", source=1) == ["Cotizando"]
    assert Phone(rules, at="lejos").tap("express") == ["Otra cosa"]


def test_the_message_that_was_tapped_wins_over_another_with_the_same_id() -> None:
    other = menu("menu_principal|otro", {"id": "express", "title": "E", "step": "otra"})
    rules = book(MENU, other, "cotizacion|*|Cotizando", "otra|*|Otra")
    assert Phone(rules, at="menu_principal").tap("express", source=2) == ["Otra"]
    assert Phone(rules, at="menu_principal").tap("express", source=1) == ["Cotizando"]
    assert Phone(rules, at="menu_principal").tap("express") == ["Cotizando"]


def test_a_deleted_rule_leaves_the_other_places() -> None:
    rules = book(MENU, "cotizacion|*|Cotizando")
    assert Phone(rules, at="menu_principal").tap("express", source=99) == ["Cotizando"]


def test_a_rule_here_wins_over_the_same_id_elsewhere() -> None:
    rules = book("otro|opt_b|Lejos", "aqui|opt_b|Cerca")
    assert Phone(rules, at="aqui").tap("opt_b") == ["Cerca"]


def test_a_rule_of_another_step_is_found_by_the_id() -> None:
    rules = book("otro|opt_b|B en otro|x2", "x2|*|X2")
    phone = Phone(rules, at="lejos")
    assert phone.tap("opt_b") == ["B en otro", "X2"]
    assert phone.step == "x2"


def test_a_rule_of_another_step_without_next_step_leaves_the_contact_there() -> None:
    phone = Phone(book("otro|opt_b|B en otro"), at="lejos")
    assert phone.tap("opt_b") == ["B en otro"]
    assert phone.step == "lejos"


def test_among_all_steps_the_one_named_like_the_id_wins_then_the_first_rule() -> None:
    rules = book("otro|opt_b|Primera", "opt_b|opt_b|De casa")
    assert Phone(rules, at="lejos").tap("opt_b") == ["De casa"]
    rules = book("otro|opt_b|Tarde", rule("mas|opt_b|Antes", priority=1))
    assert Phone(rules, at="lejos").tap("opt_b") == ["Antes"]


@pytest.mark.parametrize("option_id", ["Opción_B", "opcion_b", "OPCION_B "])
def test_an_id_is_compared_as_an_option_id(option_id: str) -> None:
    assert Phone(book("m|Opción_B|B", "m|*|W"), at="m").tap(option_id) == ["B"]


def test_an_id_is_compared_normalised_too_but_as_written_first() -> None:
    assert Phone(book("m|opcion b|B", "m|*|W"), at="m").tap("opción-b") == ["B"]
    rules = book("m|a b|Normalizada", "m|a-b|Escrita")
    assert Phone(rules, at="m").tap("a-b") == ["Escrita"]


def test_a_star_or_a_media_trigger_is_no_id() -> None:
    phone = Phone(book("m|*|W", "m|@imagen|Foto", "m|titulo|T"), at="m")
    assert phone.tap("*") == ["T"]
    assert phone.tap("@imagen") == ["T"]


def test_the_options_of_any_rule_of_the_step_are_looked_up() -> None:
    phone = Phone(book(MENU, "cotizacion|*|Cotizando"), at="menu_principal")
    assert phone.tap("EXPRESS") == ["Cotizando"]
    assert Phone(phone.book, at="lejos").tap("express") == []


def test_triggers_of_all_steps_go_before_the_options_here() -> None:
    rules = book(MENU, "cotizacion|*|Cotizando", "lejos|express|Lejos")
    assert Phone(rules, at="menu_principal").tap("express") == ["Lejos"]


def test_the_options_here_go_before_a_step_named_like_the_id() -> None:
    rules = book(MENU, "cotizacion|*|Cotizando", "express|*|De nombre")
    assert Phone(rules, at="menu_principal").tap("express") == ["Cotizando"]


def test_a_step_named_like_the_id_is_entered() -> None:
    phone = Phone(book(MENU, "lento|*|paso lento"), at="menu_principal")
    assert phone.tap("lento", "Lento", source=1) == ["paso lento"]
    assert phone.step == "lento"
    assert Phone(book("opción|*|Sí"), at="m").tap(" OPCION ") == ["Sí"]


def test_a_step_without_prompt_is_entered_in_silence() -> None:
    phone = Phone(book(rule("medidas|*|{total}", formula="medida")), at="m")
    assert phone.tap("medidas", "Medidas") == []
    assert phone.flags == []
    assert phone.step == "medidas"


@pytest.mark.parametrize("step", ["no_existe", "cotizacion,no_existe"])
def test_an_option_whose_step_does_not_exist_never_moves_the_contact(step: str) -> None:
    broken = menu("menu_principal|menu", {"id": "x", "title": "Ir", "step": step})
    phone = Phone(
        book(broken, "cotizacion|*|C", "menu_principal|ir|Por texto"), at="menu_principal"
    )
    assert phone.tap("x", "Ir", source=1) == ["Por texto"]
    assert phone.step == "menu_principal"


def test_an_unknown_id_leaves_the_title_as_text() -> None:
    rules = book("menu_principal|hablar con asesor|Ya te atienden", "menu_principal|*|Menu")
    phone = Phone(rules, at="menu_principal")
    assert phone.tap("id_raro", "Hablar con asesor") == ["Ya te atienden"]
    assert phone.tap("id_raro", "Otra cosa") == ["Menu"]
    assert phone.step == "menu_principal"


def test_a_tap_that_nothing_knows_is_flagged() -> None:
    phone = Phone(book("m|1|Uno"), at="m", fallback="?")
    assert phone.tap("id_raro", "Otra cosa") == ["?"]
    assert phone.flags == ["sin_regla"]


@pytest.mark.parametrize("option_id", ["", "  ", "a,b", "*", "menu principal"])
def test_odd_ids_move_nobody(option_id: str) -> None:
    phone = Phone(book("m|1|Uno", "a|*|A", "b|*|B"), at="m")
    assert phone.tap(option_id) == []
    assert phone.step == "m"


# Sessions ------------------------------------------------------------------------------------
WELCOMED = ("menu_principal|iniciar|Menu", MENU, "cotizacion|*|Cotizando", "otro|opt_b|B")


def test_a_tap_that_leads_somewhere_needs_no_welcome() -> None:
    assert Phone(book(*WELCOMED)).tap("express", source=2) == ["Cotizando"]
    assert Phone(book(*WELCOMED)).tap("opt_b") == ["B"]
    closed = Phone(book(*WELCOMED), at="lejos")
    closed.close()
    assert closed.tap("express") == ["Cotizando"]


def test_a_tap_without_next_step_on_a_new_session_stands_at_the_initial_step() -> None:
    phone = Phone(book(*WELCOMED))
    phone.tap("opt_b")
    assert phone.step == "menu_principal"


def test_a_tap_that_says_nothing_on_a_new_session_is_a_first_text() -> None:
    rules = book(*WELCOMED, "menu_principal|hola|Qué tal")
    assert Phone(rules).tap("raro", "Hola") == ["Menu", "Qué tal"]
    assert Phone(rules).tap("raro", "Menú") == ["Menu"]
    assert Phone(rules).tap("raro", "Nada") == ["Menu"]


def test_a_tap_on_an_idle_session_says_goodbye_and_leads_on() -> None:
    phone = Phone(book(*WELCOMED), at="lejos")
    phone.wait(hours=2)
    assert phone.tap("express", source=2) == [TIMEOUT_TEXT, "Cotizando"]
    assert phone.tap("express", source=2) == ["Cotizando"]


# Commands ------------------------------------------------------------------------------------
def test_a_tap_whose_id_leads_somewhere_is_no_command() -> None:
    phone = Phone(book("menu_principal|iniciar|Menu", "m|x|Ayuda aquí"), at="m")
    assert phone.tap("x", "Ayuda") == ["Ayuda aquí"]
    assert phone.tap("raro", "Ayuda") == ["Perfecto, volvamos a empezar.", "Menu"]


def test_commands_count_in_texts_captions_and_lost_taps_of_open_sessions() -> None:
    phone = Phone(book("m|x|X", "m|*|W"), at="m")

    def wanted(kind: str, text: str = "ayuda", option_id: str = "") -> bool:
        event = Event(kind=kind, text=text, now=NOON, option_id=option_id)
        return wants_command(phone.book, phone.session, event, phone.settings)

    assert wanted("text")
    assert wanted("media")
    assert wanted("tap", option_id="raro")
    assert not wanted("tap", option_id="x")
    assert not wanted("flow")
    assert not wanted("other")
    assert not wanted("text", text="")
    phone.session = None
    assert not wanted("text")
