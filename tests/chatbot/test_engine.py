"""Rules, steps and chains: what a contact gets back for a text."""

import pytest

from chatbot.engine import (
    Event,
    GiveToRole,
    HandOver,
    Send,
    Unflag,
    decide,
    enter_step,
    wanted_handlers,
    with_handler_texts,
)
from tests.chatbot.phone import NOON, Phone, book, rule

FIRST_STEPS = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno|paso_uno", "paso_uno|*|En uno")


# First message -------------------------------------------------------------------------------
def test_a_new_contact_gets_the_welcome_once() -> None:
    phone = Phone(book(*FIRST_STEPS))
    assert phone.say("hola") == ["Menu"]
    assert phone.step == "menu_principal"
    assert phone.flags == []


def test_a_new_contact_whose_text_is_an_answer_gets_both() -> None:
    phone = Phone(book(*FIRST_STEPS))
    assert phone.say("1") == ["Menu", "Uno", "En uno"]
    assert phone.step == "paso_uno"


def test_a_star_alone_is_the_welcome_and_is_sent_once() -> None:
    phone = Phone(book("menu_principal|*|Hola"))
    assert phone.say("hola") == ["Hola"]


def test_iniciar_wins_over_a_star_whatever_their_order() -> None:
    phone = Phone(book("menu_principal|*|Estrella", "menu_principal|iniciar|Menu"))
    assert phone.say("hola") == ["Menu"]


@pytest.mark.parametrize("text", ["iniciar", "¡INICIAR!", "menú", "volver al inicio", "ayuda"])
def test_a_first_message_that_is_a_command_gets_the_welcome_alone(text: str) -> None:
    phone = Phone(
        book(
            "menu_principal|iniciar,hola|Menu|sub",
            "sub|menu;ayuda;iniciar;volver al inicio|Otro",
        )
    )
    assert phone.say(text) == ["Menu"]
    assert phone.step == "sub"


def test_a_first_message_that_holds_a_command_is_tried_on_the_specific_rules() -> None:
    rules = book("menu_principal|iniciar|Menu", "menu_principal|menu del dia|Arroz")
    assert Phone(rules).say("¿Menú del día?") == ["Menu", "Arroz"]
    assert Phone(rules).say("necesito ayuda ya") == ["Menu"]


def test_the_first_text_is_never_an_answer_to_a_star_nor_flagged() -> None:
    phone = Phone(book("menu_principal|iniciar|Menu|sub", "sub|*|Elige"), fallback="No entendí")
    assert phone.say("xyz") == ["Menu", "Elige"]
    assert phone.actions == tuple(phone.sent)


def test_without_a_welcome_the_first_text_is_still_tried() -> None:
    phone = Phone(book("menu_principal|1|Uno"))
    assert phone.say("1") == ["Uno"]
    silent = Phone(book("menu_principal|1|Uno"))
    assert silent.say("hola") == []
    assert silent.flags == []


def test_a_company_without_rules_has_its_chats_flagged() -> None:
    phone = Phone(book())
    assert phone.say("hola") == []
    assert phone.flags == ["sin_regla"]
    assert phone.step == "menu_principal"


def test_a_rule_that_greets_does_not_answer_as_well() -> None:
    phone = Phone(book("menu_principal|iniciar,hola|Menu"))
    assert phone.say("hola") == ["Menu"]


def test_a_welcome_with_a_quote_or_a_function_is_none() -> None:
    rules = book(
        rule("menu_principal|iniciar|{total}", formula="medida*2"),
        rule("menu_principal|*|Saldo", handler="saldo"),
        rule("menu_principal|*|Bienvenido"),
    )
    assert Phone(rules).say("hola") == ["Bienvenido"]


def test_a_caption_and_the_kind_of_media_are_tried_after_the_welcome() -> None:
    rules = book(
        "menu_principal|iniciar|Menu", "menu_principal|@imagen|Foto", "menu_principal|precio|P"
    )
    assert Phone(rules).send_media("@imagen") == ["Menu", "Foto"]
    assert Phone(rules).send_media("@video", "Precio?") == ["Menu", "P"]


# Matching ------------------------------------------------------------------------------------
def test_texts_match_whatever_their_case_accents_and_punctuation() -> None:
    phone = Phone(book(*FIRST_STEPS, "menu_principal|cuánto cuesta|$"), at="menu_principal")
    assert phone.say("CUANTO   cuesta??") == ["$"]
    assert phone.say("dime cuanto cuesta") == []
    assert phone.say(" ¡ 1 ! ") == ["Uno", "En uno"]
    assert Phone(phone.book, at="menu_principal").say("1️⃣") == ["Uno", "En uno"]


def test_each_trigger_of_a_list_matches_the_whole_text() -> None:
    phone = Phone(book("menu_principal|hola,buenas|SALUDO"), at="menu_principal")
    assert phone.say("buenas") == ["SALUDO"]
    assert phone.say("Hola!") == ["SALUDO"]
    assert phone.say("hola buenas") == []


def test_specific_rules_beat_a_star_and_lower_ids_win() -> None:
    phone = Phone(book("m|*|W", "m|ok|PRIMERA", "m|OK!,dale|SEGUNDA"), at="m")
    assert phone.say("ok") == ["PRIMERA"]
    assert phone.say("dale") == ["SEGUNDA"]
    assert phone.say("no") == ["W"]
    assert phone.step == "m"


def test_priority_counts_before_the_id() -> None:
    phone = Phone(book("m|ok|Tarde", rule("m|ok|Primero", priority=1), "m|*|W"), at="m")
    assert phone.say("ok") == ["Primero"]


def test_the_first_star_by_priority_answers() -> None:
    phone = Phone(book("m|*|Segundo", rule("m|*|Primero", priority=-5)), at="m")
    assert phone.say("hola") == ["Primero"]


def test_a_rule_may_look_for_whole_words_inside_the_text() -> None:
    precio = rule("m|precio,cuanto vale|$", match="contiene")
    phone = Phone(book(precio, "m|el precio no|Exacta"), at="m")
    assert phone.say("dime el PRECIO por favor") == ["$"]
    assert phone.say("¿y cuánto vale esto?") == ["$"]
    assert phone.say("precio") == ["$"]
    assert phone.say("precios") == []
    assert phone.say("cuanto no vale") == []
    assert phone.say("el precio no") == ["$"]


def test_words_inside_the_text_beat_a_star_and_obey_priority() -> None:
    phone = Phone(
        book(
            "m|*|W",
            rule("m|precio|Contiene", match="contiene"),
            rule("m|el precio|Exacta", priority=1),
        ),
        at="m",
    )
    assert phone.say("un precio") == ["Contiene"]
    assert phone.say("el precio") == ["Exacta"]


@pytest.mark.parametrize(
    "trigger",
    ["@imagen", "@video", "@audio", "@documento", "@ubicacion", "@contacto", "@sticker"],
)
def test_media_match_their_trigger(trigger: str) -> None:
    phone = Phone(book(f"m|{trigger.upper()}|Recibido", "m|*|W"), at="m")
    assert phone.send_media(trigger) == ["Recibido"]
    assert phone.send_media("@otro") == ["W"]


def test_a_written_accent_in_a_media_trigger_is_forgiven() -> None:
    assert Phone(book("m|@Ubicación|Aquí"), at="m").send_media("@ubicacion") == ["Aquí"]


def test_between_caption_and_media_the_first_rule_wins() -> None:
    phone = Phone(book("m|@imagen|Foto", "m|precio|P"), at="m")
    assert phone.send_media("@imagen", "precio") == ["Foto"]
    phone = Phone(book("m|precio|P", "m|@imagen|Foto"), at="m")
    assert phone.send_media("@imagen", "precio") == ["P"]


def test_no_text_reaches_a_media_trigger() -> None:
    phone = Phone(book("m|@imagen|Foto"), at="m")
    assert phone.say("@imagen") == []
    assert phone.say("imagen") == []


# No match ------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["xyz", "👍", "", "   "])
def test_an_unmatched_text_is_flagged_and_the_next_answer_works(text: str) -> None:
    phone = Phone(book(*FIRST_STEPS), at="menu_principal")
    assert phone.say(text) == []
    assert phone.flags == ["sin_regla"]
    assert Unflag() not in phone.actions
    assert phone.step == "menu_principal"
    assert phone.say("1") == ["Uno", "En uno"]
    assert phone.actions[0] == Unflag()


def test_an_emoji_is_unmatched_text_for_a_star() -> None:
    assert Phone(book("m|*|Elige"), at="m").say("👍") == ["Elige"]


def test_the_fallback_text_is_sent_once_in_a_row() -> None:
    phone = Phone(book("m|1|Uno"), at="m", fallback="No te entendí")
    assert phone.say("xyz") == ["No te entendí"]
    assert phone.flags == ["sin_regla"]
    assert phone.say("abc") == []
    assert phone.flags == ["sin_regla"]
    assert phone.say("otra") == []
    assert phone.say("1") == ["Uno"]
    assert phone.say("xyz") == ["No te entendí"]


def test_a_step_without_any_rule_is_flagged_and_kept() -> None:
    phone = Phone(book(*FIRST_STEPS), at="fin")
    assert phone.say("1") == []
    assert phone.flags == ["sin_regla"]
    assert phone.step == "fin"


# Steps ---------------------------------------------------------------------------------------
def test_entering_a_step_sends_its_star_and_an_unmatched_text_again() -> None:
    phone = Phone(
        book(
            "menu_principal|iniciar|M|sub",
            "sub|*|Elige A o B",
            "sub|a|AAA",
            "sub|b|BBB|fin",
        )
    )
    assert phone.say("x") == ["M", "Elige A o B"]
    assert phone.say("zzz") == ["Elige A o B"]
    assert phone.say("A") == ["AAA"]
    assert phone.step == "sub"
    assert phone.say("b") == ["BBB"]
    assert phone.step == "fin"


LIST = ("menu_principal|iniciar|M|a,b,c", "a|*|AAA", "b|*|BBB", "c|*|CCC")


def test_a_list_of_steps_is_run_through_now() -> None:
    phone = Phone(book(*LIST))
    assert phone.say("x") == ["M", "AAA", "BBB", "CCC"]
    assert phone.step == "c"


def test_a_step_of_the_list_without_star_waits() -> None:
    phone = Phone(book(*LIST[:2], "b|si|BSI", LIST[3]))
    assert phone.say("x") == ["M", "AAA"]
    assert phone.step == "b"
    assert phone.say("si") == ["BSI"]
    assert phone.step == "b"


def test_the_first_text_is_tried_in_the_step_where_the_list_waits() -> None:
    phone = Phone(book(*LIST[:2], "b|si|BSI|c", LIST[3]))
    assert phone.say("si") == ["M", "AAA", "BSI", "CCC"]


@pytest.mark.parametrize("more", [{"formula": "medida"}, {"handler": "h"}])
def test_a_star_with_quote_or_function_waits_in_the_middle_of_a_list(more: dict[str, str]) -> None:
    phone = Phone(book(*LIST[:2], rule("b|*|{total}", **more), LIST[3]))
    assert phone.say("x") == ["M", "AAA"]
    assert phone.step == "b"


def test_a_list_inside_a_list_that_waits_drops_the_rest_of_both() -> None:
    phone = Phone(book("m|ir|Ya|a,z", "a|*|AAA|w,z", "w|si|W", "z|*|ZZZ"), at="m")
    assert phone.say("ir") == ["Ya", "AAA"]
    assert phone.step == "w"


def test_a_step_of_a_list_runs_its_own_next_step_first() -> None:
    phone = Phone(book("m|ir|Ya|a,z", "a|*|AAA|b", "b|*|BBB", "z|*|ZZZ"), at="m")
    assert phone.say("ir") == ["Ya", "AAA", "BBB", "ZZZ"]
    assert phone.step == "z"


def test_a_step_is_sent_once_in_a_list_that_repeats_it() -> None:
    phone = Phone(book("m|ir|Ya|a,b,a,b,a", "a|*|AAA", "b|*|BBB"), at="m")
    assert phone.say("ir") == ["Ya", "AAA", "BBB"]
    assert phone.step == "a"


def test_a_loop_of_steps_ends_where_it_was_before() -> None:
    phone = Phone(book("menu_principal|iniciar|M|a", "a|*|AAA|b", "b|*|BBB|a"))
    assert phone.say("x") == ["M", "AAA", "BBB"]
    assert phone.step == "a"
    assert phone.say("y") == ["AAA", "BBB"]
    assert phone.step == "a"
    assert phone.flags == []


def test_back_to_the_menu_shows_it_again() -> None:
    phone = Phone(book("menu|*|Menu", "menu|info|Info|menu"), at="menu")
    assert phone.say("info") == ["Info", "Menu"]
    assert phone.say("zzz") == ["Menu"]


def test_the_welcome_belongs_to_the_chain() -> None:
    phone = Phone(book("menu_principal|*|Menu", "menu_principal|info|Info|menu_principal"))
    assert phone.say("info") == ["Menu", "Info"]
    assert phone.say("info") == ["Info", "Menu"]


def chain_of(length: int) -> list[str]:
    return [f"s{n}|*|{n}|s{n + 1}" for n in range(1, length + 1)]


def test_a_chain_of_31_stops_at_25_and_is_flagged() -> None:
    phone = Phone(book(*chain_of(31)), at="s1")
    assert phone.say("x") == [str(n) for n in range(1, 26)]
    assert phone.flags == ["cadena_larga"]
    assert phone.step == "s25"
    assert phone.say("y") == [str(n) for n in range(25, 32)]


def test_a_chain_of_25_is_not_too_long() -> None:
    phone = Phone(book(*chain_of(25)), at="s1")
    assert len(phone.say("x")) == 25
    assert phone.flags == []
    assert phone.step == "s26"


def test_the_welcome_counts_in_the_cap_and_a_list_stops_too() -> None:
    steps = ",".join(f"s{n}" for n in range(1, 32))
    rules = [f"s{n}|*|{n}" for n in range(1, 32)]
    phone = Phone(book(f"menu_principal|iniciar|M|{steps}", *rules, "s24|hola|No"))
    assert phone.say("hola") == ["M", *(str(n) for n in range(1, 25))]
    assert phone.flags == ["cadena_larga"]
    assert phone.step == "s24"


def test_a_step_is_stored_in_lower_case_without_spaces() -> None:
    phone = Phone(book(" Menu_Principal |iniciar|M|  SUB ", "Sub|*|Elige"))
    assert phone.say("x") == ["M", "Elige"]
    assert phone.step == "sub"


def test_entering_a_chosen_step_sends_its_prompt() -> None:
    rules = book(*LIST)
    decision = enter_step(rules, " B ", Phone(rules).settings, NOON)
    assert [send.body for send in decision.actions if isinstance(send, Send)] == ["BBB"]
    assert decision.session.step == "b"
    assert decision.session.is_open
    nowhere = enter_step(rules, "", Phone(rules).settings, NOON)
    assert nowhere.session.step == "menu_principal"
    assert nowhere.actions == ()


# Dispatch ------------------------------------------------------------------------------------
def test_an_empty_reply_sends_nothing_and_moves_on() -> None:
    phone = Phone(book("m|ir||a", "a|*|AAA"), at="m")
    assert phone.say("ir") == ["AAA"]
    assert phone.step == "a"


def test_a_sent_message_knows_its_rule_and_step() -> None:
    phone = Phone(book("m|ir|Ya|a", "a|*|AAA"), at="m")
    phone.say("ir")
    assert [(send.rule_id, send.step) for send in phone.sent] == [(1, "m"), (2, "a")]


def test_a_role_gets_the_chat_and_the_last_one_keeps_it() -> None:
    rules = book(
        rule("m|tiq|Tiquetes", role_keyword="tiquetes"),
        rule("m|asesor|Asesor", role_keyword=" Cotizar"),
        rule("m|raro|Raro", role_keyword="nadie"),
        roles=["tiquetes", "cotizar"],
    )
    phone = Phone(rules, at="m")
    assert phone.say("tiq") == ["Tiquetes"]
    assert GiveToRole("tiquetes") in phone.actions
    phone.say("asesor")
    assert GiveToRole("cotizar") in phone.actions
    assert phone.say("raro") == ["Raro"]
    assert phone.actions == (Unflag(), *phone.sent)


def test_handing_over_silences_the_bot_and_leaves_it_at_the_next_step() -> None:
    rules = book(
        rule("m|asesor|Ya te atienden|menu", hands_over=True, role_keyword="ventas"),
        "menu|*|Menu",
        roles=["ventas"],
    )
    phone = Phone(rules, at="m")
    assert phone.say("asesor") == ["Ya te atienden"]
    assert phone.actions[2:] == (GiveToRole("ventas"), HandOver())
    assert phone.step == "menu"


def test_handing_over_in_a_list_or_a_welcome_drops_the_rest() -> None:
    rules = book(
        "menu_principal|iniciar|M|a,b,c", rule("a|*|AAA", hands_over=True), "b|*|B", "a|hola|No"
    )
    phone = Phone(rules)
    assert phone.say("hola") == ["M", "AAA"]
    assert phone.step == "a"


# Quotes and functions ------------------------------------------------------------------------
MEASURE = rule(
    "barra_medida|*|Valor estimado: {total:,} $ Pesos.|esperando_confirmacion",
    formula="medida*1700",
)


def test_a_quote_waits_for_the_measure_and_answers_with_the_total() -> None:
    phone = Phone(book("m|barra||barra_medida", MEASURE), at="m")
    assert phone.say("barra") == []
    assert phone.step == "barra_medida"
    assert phone.say("abc") == ["Por favor ingresa la medida correcta."]
    assert phone.step == "barra_medida"
    assert phone.flags == []
    assert phone.say("100") == ["Valor estimado: 170,000 $ Pesos."]
    assert phone.step == "esperando_confirmacion"


def test_a_quote_over_two_measures() -> None:
    area = rule("m|*|{total:,}", formula="(p1+p2+40)*1700")
    phone = Phone(book(area), at="m")
    assert phone.say("120 x 80") == ["408,000"]
    assert phone.say("120") == ["Por favor ingresa la medida correcta."]


def test_a_quote_may_return_to_the_prompt_of_its_step() -> None:
    rules = book(rule("m|*|{total}|m", formula="medida*2"), "m|*|¿Otra medida?")
    phone = Phone(rules, at="m")
    assert phone.say("5") == ["10", "¿Otra medida?"]
    assert phone.say("6") == ["12", "¿Otra medida?"]


def test_braces_without_a_quote_are_text() -> None:
    assert Phone(book("m|ir|{total} {0} %s"), at="m").say("ir") == ["{total} {0} %s"]


def test_a_broken_formula_apologises_and_flags() -> None:
    phone = Phone(book(rule("m|*|{total}|otro", formula="__import__('os')")), at="m")
    assert phone.say("100") == ["Por favor ingresa la medida correcta."]
    assert phone.flags == ["calculo_invalido"]
    assert phone.step == "m"


def test_a_function_is_asked_for_only_by_the_rule_that_fires() -> None:
    rules = book(rule("m|saldo|Algo más?|a", handler="saldo"), "m|otro|Otro", "a|*|AAA")
    phone = Phone(rules, at="m")
    event = Event(kind="text", text="saldo", now=NOON)
    assert wanted_handlers(rules, phone.session, event, phone.settings) == ("saldo",)
    other = Event(kind="text", text="otro", now=NOON)
    assert wanted_handlers(rules, phone.session, other, phone.settings) == ()
    ready = with_handler_texts(event, {"saldo": ("Debes $5", "Vence hoy")})
    assert phone.receive(ready) == ["Debes $5", "Vence hoy", "Algo más?", "AAA"]


def test_a_function_without_words_leaves_the_reply() -> None:
    rules = book(rule("m|saldo|Listo", handler="saldo"))
    phone = Phone(rules, at="m")
    event = Event(kind="text", text="saldo", now=NOON, handler_texts={"saldo": None})
    assert phone.receive(event) == ["Listo"]
    assert phone.say("saldo") == ["Listo"]


def test_a_star_with_a_function_answers_but_is_no_prompt() -> None:
    rules = book("m|ir|Ya|a", rule("a|*|Gracias", handler="guardar"))
    phone = Phone(rules, at="m")
    assert phone.say("ir") == ["Ya"]
    assert phone.say("cualquier cosa") == ["Gracias"]


# Forms ---------------------------------------------------------------------------------------
FORM = rule("m|cita|Llena|gracias|flow", options={"flow_id": "1", "flow_cta": "Abrir"})


def test_a_form_moves_on_when_it_comes_back() -> None:
    phone = Phone(book(FORM, "gracias|*|Gracias", "otro|*|Otro"), at="m")
    assert phone.say("cita") == ["Llena"]
    assert phone.step == "m"
    assert phone.say("Nombre: Ana", kind="flow", source_rule_id=1) == ["Gracias"]
    assert phone.step == "gracias"


def test_a_form_answered_late_or_after_closing_still_moves_on() -> None:
    phone = Phone(book("menu_principal|iniciar|M", FORM, "gracias|*|Gracias"))
    assert phone.say("", kind="flow", source_rule_id=2) == ["Gracias"]


def test_a_form_of_unknown_source_is_the_one_of_the_step() -> None:
    phone = Phone(book(FORM, "gracias|*|Gracias", "m|*|Menu"), at="m")
    assert phone.say("", kind="flow") == ["Gracias"]
    assert Phone(book("m|*|Menu"), at="m").say("", kind="flow") == ["Menu"]


def test_a_form_that_cannot_be_sent_is_a_text_that_moves_on() -> None:
    broken = rule("m|cita|Llena|gracias|flow", options={"flow_cta": "Abrir"})
    phone = Phone(book(broken, "gracias|*|Gracias"), at="m")
    assert phone.say("cita") == ["Llena", "Gracias"]


# Commands ------------------------------------------------------------------------------------
@pytest.mark.parametrize("rules", [FIRST_STEPS, ("menu_principal|*|Menu", "paso_uno|ayuda|No")])
def test_a_command_restarts_from_any_step(rules: tuple[str, ...]) -> None:
    phone = Phone(book(*rules), at="paso_uno", fallback="?")
    assert phone.say("necesito AYUDA ya") == ["Perfecto, volvamos a empezar.", "Menu"]
    assert phone.step == "menu_principal"
    assert phone.flags == []


def test_menus_is_no_command() -> None:
    assert Phone(book("m|menus|Los menús"), at="m").say("menus") == ["Los menús"]


def test_deciding_changes_nothing_and_gives_the_same_twice() -> None:
    rules = book(*LIST)
    event = Event(kind="text", text="x", now=NOON)
    settings = Phone(rules).settings
    assert decide(rules, None, event, settings) == decide(rules, None, event, settings)
