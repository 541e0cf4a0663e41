"""Acceptance scenarios 1 to 11: what the rules say, through the real webhook."""

import pytest

from tests.journeys.shop import BETO, Shop

CARLA = "573007778899"


def menu(shop: Shop) -> None:
    shop.rules(
        "menu_principal|iniciar|Menu",
        "menu_principal|1|Uno|paso_uno",
        "paso_uno|*|En uno",
    )


def test_s01_a_new_client_is_welcomed_once(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    assert shop.out == ["Menu"]
    assert shop.step() == "menu_principal"
    assert shop.attention() == ""


def test_s02_a_first_message_that_a_rule_takes_is_answered_after_the_welcome(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    assert shop.out == ["Menu", "Uno", "En uno"]
    assert shop.step() == "paso_uno"


def test_s03_without_iniciar_the_anything_rule_welcomes_once(shop: Shop) -> None:
    shop.rules("menu_principal|*|Hola")
    shop.says("hola")
    assert shop.out == ["Hola"]
    assert shop.step() == "menu_principal"


@pytest.mark.parametrize("text", [" ¡ 1 ! ", "1️⃣", "1."])
def test_s04_signs_around_the_words_do_not_matter(shop: Shop, text: str) -> None:
    menu(shop)
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says(text)) == ["Uno", "En uno"]


def test_s04_accents_and_capitals_do_not_matter_but_more_words_do(shop: Shop) -> None:
    menu(shop)
    shop.rules("menu_principal|cuánto cuesta|$")
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("CUANTO   cuesta??")) == ["$"]
    assert shop.heard_after(lambda: shop.says("dime cuanto cuesta")) == []


def test_s04_contiene_matches_whole_words_inside_the_text(shop: Shop) -> None:
    menu(shop)
    shop.rule("menu_principal|cuánto cuesta|$", match="contiene")
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("dime cuanto cuesta, porfa")) == ["$"]
    assert shop.heard_after(lambda: shop.says("cuanto cuestan")) == []


@pytest.mark.parametrize("text", ["buenas", "Hola!", "HOLA"])
def test_s05_any_item_of_the_trigger_matches(shop: Shop, text: str) -> None:
    menu(shop)
    shop.rules("menu_principal|hola,buenas|SALUDO")
    shop.says("otra cosa")
    assert shop.heard_after(lambda: shop.says(text)) == ["SALUDO"]


def test_s05_two_items_together_are_no_match(shop: Shop) -> None:
    menu(shop)
    shop.rules("menu_principal|hola,buenas|SALUDO")
    shop.says("otra cosa")
    assert shop.heard_after(lambda: shop.says("hola buenas")) == []


def test_s06_what_nobody_understands_is_flagged_and_the_next_answer_works(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("xyz")) == []
    assert shop.attention() == "sin_regla"
    assert shop.step() == "menu_principal"
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno", "En uno"]
    assert shop.attention() == ""


def test_s06_the_fallback_text_is_sent_once_in_a_row(shop: Shop) -> None:
    menu(shop)
    shop.set_env(FALLBACK_TEXT="No te entendí")
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("xyz")) == ["No te entendí"]
    assert shop.heard_after(lambda: shop.says("zyx")) == []
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno", "En uno"]


def test_s06_an_emoji_alone_is_unmatched_text_and_not_silence(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("👍")) == []
    assert shop.attention() == "sin_regla"


def test_s07_specific_rules_beat_the_anything_rule(shop: Shop) -> None:
    shop.set_env(INITIAL_STEP="m")
    shop.rules("m|*|W", "m|ok|PRIMERA", "m|OK!,dale|SEGUNDA")
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("ok")) == ["PRIMERA"]
    assert shop.heard_after(lambda: shop.says("no")) == ["W"]
    assert shop.heard_after(lambda: shop.says("dale")) == ["SEGUNDA"]
    assert shop.step() == "m"


def test_s07_a_lower_priority_number_goes_first(shop: Shop) -> None:
    shop.set_env(INITIAL_STEP="m")
    shop.rules("m|*|W", "m|ok|PRIMERA")
    shop.rule("m|ok|URGENTE", priority=1)
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("ok")) == ["URGENTE"]


def test_s08_the_welcome_leads_on_and_the_step_repeats_its_question(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M|sub", "sub|*|Elige A o B", "sub|a|AAA", "sub|b|BBB|fin")
    assert shop.heard_after(lambda: shop.says("x")) == ["M", "Elige A o B"]
    assert shop.heard_after(lambda: shop.says("zzz")) == ["Elige A o B"]
    assert shop.heard_after(lambda: shop.says("A")) == ["AAA"]
    assert shop.step() == "sub"
    assert shop.heard_after(lambda: shop.says("b")) == ["BBB"]
    assert shop.step() == "fin"


def test_s09_a_list_of_steps_runs_through_all_of_them(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M|a,b,c", "a|*|AAA", "b|*|BBB", "c|*|CCC")
    shop.says("x")
    assert shop.out == ["M", "AAA", "BBB", "CCC"]
    assert shop.step() == "c"
    assert {message.step for message in shop.sent()} == {"menu_principal", "a", "b", "c"}


def test_s10_a_step_of_the_list_without_anything_rule_waits_there(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M|a,b,c", "a|*|AAA", "b|si|BSI", "c|*|CCC")
    shop.says("x")
    assert shop.out == ["M", "AAA"]
    assert shop.step() == "b"
    assert shop.heard_after(lambda: shop.says("si")) == ["BSI"]


def test_s11_steps_that_lead_to_each_other_do_not_loop(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M|a", "a|*|AAA|b", "b|*|BBB|a")
    shop.says("x")
    assert shop.out == ["M", "AAA", "BBB"]
    assert shop.step() == "a"
    assert shop.heard_after(lambda: shop.says("y")) == ["AAA", "BBB"]
    assert shop.step() == "a"


def test_s11_a_chain_of_31_stops_at_25_and_is_flagged(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|R0|s1")
    shop.rules(*(f"s{n}|*|R{n}|s{n + 1}" for n in range(1, 31)))
    shop.says("x")
    assert shop.out == [f"R{n}" for n in range(25)]
    assert shop.attention() == "cadena_larga"
    assert shop.step() == "s24"


def test_from_menu_to_info_and_back_shows_the_menu_again(shop: Shop) -> None:
    shop.rules("menu_principal|*|Menu", "menu_principal|info|Va|info", "info|*|Info|menu_principal")
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("info")) == ["Va", "Info", "Menu"]


@pytest.mark.parametrize("text", ["iniciar", "menú", "ayuda"])
def test_a_first_message_that_asks_to_start_gets_the_welcome_alone(shop: Shop, text: str) -> None:
    menu(shop)
    shop.says(text)
    assert shop.out == ["Menu"]


def test_two_clients_stand_where_each_of_them_is(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    shop.says("hola", by=BETO)
    assert (shop.step(), shop.step(BETO)) == ("paso_uno", "menu_principal")
    assert shop.out_to(BETO) == ["Menu"]


def test_a_company_without_rules_flags_and_sends_nothing(shop: Shop) -> None:
    shop.says("hola", by=CARLA)
    assert shop.out == []
    assert shop.attention(CARLA) == "sin_regla"
    assert [message.body for message in shop.received()] == ["hola"]


def test_a_changed_rule_counts_for_the_next_message(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    shop.rules("menu_principal|2|Dos")
    assert shop.heard_after(lambda: shop.says("2")) == ["Dos"]
