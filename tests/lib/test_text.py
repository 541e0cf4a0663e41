"""The words of whapco.lib.text: what counts as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whapco.lib.text import (
    normalize_option_id,
    normalize_step,
    normalize_text,
    split_items,
    split_steps,
    split_triggers,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("¿Cuánto CUESTA?", "cuanto cuesta"),
        ("1️⃣", "1"),
        ("1️⃣2️⃣", "12"),
        (" ¡ 1 ! ", "1"),
        ("ÑANDÚ", "nandu"),
        ("a_b", "a b"),
        ("50%", "50"),
        ("👍", ""),
        ("👍🏽👍🏽 si", "si"),
        ("", ""),
        (" \t\r\n ", ""),
        ("___", ""),
        ("CUANTO   cuesta??", "cuanto cuesta"),
        ("cuanto\u0301", "cuanto"),
        ("İstanbul", "istanbul"),
        ("日本", "日本"),
        ("*", ""),
        ("3.5", "3 5"),
    ],
)
def test_texts_are_compared_without_marks_case_or_punctuation(text: str, normal: str) -> None:
    assert normalize_text(text) == normal


def test_steps_keep_accents_and_punctuation() -> None:
    assert normalize_step("  Menú_Principal! ") == "menú_principal!"


def test_option_ids_lose_accents_and_case_but_not_punctuation() -> None:
    assert normalize_option_id(" Opción_A-1 ") == "opcion_a-1"


def test_triggers_are_split_on_comma_semicolon_and_line() -> None:
    assert split_triggers("Hola, BUENAS;¿qué tal?\r\nhey,,  ,👍") == (
        "hola",
        "buenas",
        "que tal",
        "hey",
    )


def test_anything_and_media_triggers_stay_as_they_are() -> None:
    assert split_triggers("*, @Imagen ;@ubicacion") == ("*", "@imagen", "@ubicacion")


def test_items_stay_as_they_were_written() -> None:
    assert split_items(" Opt_B ;; ¡Hola! ") == ("Opt_B", "¡Hola!")


@pytest.mark.parametrize(
    ("steps", "names"),
    [("a, b,c", ("a", "b", "c")), ("", ()), (" , ,", ()), (" Fin ", ("fin",))],
)
def test_lists_of_steps_are_split_on_commas(steps: str, names: tuple[str, ...]) -> None:
    assert split_steps(steps) == names


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalize_text(normalize_text(text)) == normalize_text(text)
    assert normalize_option_id(normalize_option_id(text)) == normalize_option_id(text)
    assert normalize_step(normalize_step(text)) == normalize_step(text)
