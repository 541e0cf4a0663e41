"""Global commands and companies' functions."""

import logging
from typing import Any

import pytest

from chatbot.global_commands import (
    GLOBAL_COMMANDS,
    CommandResult,
    Restart,
    handle_global_command,
    is_command,
)
from chatbot.handlers import HANDLERS, run_handler

AGAIN = CommandResult(("Perfecto, volvamos a empezar.",), restarts=True)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Adds global commands for one test."""

    def add(**functions: Any) -> None:
        for name, function in functions.items():
            monkeypatch.setitem(GLOBAL_COMMANDS, name.replace("_", " "), function)

    return add


@pytest.mark.parametrize(
    "text",
    [
        "reiniciar",
        "volver al inicio",
        "Inicio",
        "iniciar",
        "MENÚ",
        "menu",
        "ayuda",
        "necesito AYUDA ya",
        "¿el menú?",
        "quiero volver  al_inicio!",
        "ayuda👍",
    ],
)
def test_a_built_in_command_anywhere_in_the_text_restarts(text: str) -> None:
    assert handle_global_command("57300", text) == AGAIN


@pytest.mark.parametrize("text", ["menus", "ayudame", "hola", "", "👍", "volver", "reinicia"])
def test_part_of_a_word_is_no_command(text: str) -> None:
    assert handle_global_command("57300", text) is None


def test_a_command_is_told_from_a_text_that_holds_one() -> None:
    assert is_command("¡Menú!")
    assert is_command("volver al inicio")
    assert not is_command("el menu")
    assert not is_command("")


def test_a_function_may_take_the_number_or_number_and_text(commands: Any) -> None:
    commands(
        saldo=lambda number: f"Saldo de {number}",
        eco=lambda number, text: [text, number],
        todo=lambda *both: both,
        quizas=lambda number, text="nada": text,
    )
    assert handle_global_command("57300", "mi saldo").texts == ("Saldo de 57300",)  # type: ignore[union-attr]
    assert handle_global_command("57300", "Eco!").texts == ("Eco!", "57300")  # type: ignore[union-attr]
    assert handle_global_command("57300", "todo").texts == ("57300", "todo")  # type: ignore[union-attr]
    assert handle_global_command("57300", "quizás").texts == ("quizás",)  # type: ignore[union-attr]


def test_a_command_without_words_still_ends_the_message(commands: Any) -> None:
    commands(silencio=lambda number: None, vacio=lambda number: ["", "  ", None])
    assert handle_global_command("57300", "silencio") == CommandResult()
    assert handle_global_command("57300", "vacio") == CommandResult()


def test_a_restart_among_several_texts_restarts(commands: Any) -> None:
    commands(cerrar=lambda number: ["Adiós", Restart("Hola de nuevo")])
    expected = CommandResult(("Adiós", "Hola de nuevo"), restarts=True)
    assert handle_global_command("57300", "cerrar") == expected


def test_the_longest_command_counts(commands: Any) -> None:
    commands(menu_vegetariano=lambda number: "Verde")
    assert handle_global_command("57300", "el menú vegetariano") == CommandResult(("Verde",))


def test_keywords_are_normalised_too(commands: Any) -> None:
    commands(**{"Promoción!": lambda number: "2x1"})
    assert handle_global_command("57300", "la promocion") == CommandResult(("2x1",))
    assert is_command("promoción")


def test_a_failing_function_is_logged_and_says_nothing(
    commands: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(number: str) -> str:
        raise RuntimeError("no hay red")

    commands(saldo=broken)
    with caplog.at_level(logging.ERROR):
        assert handle_global_command("57300", "saldo") == CommandResult()
    assert "no hay red" in caplog.text


def test_a_handler_gives_its_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "saldo", lambda number, text: [f"{number}: {text}", 5])
    monkeypatch.setitem(HANDLERS, "nada", lambda number: None)
    assert run_handler("saldo", "57300", "hola") == ("57300: hola", "5")
    assert run_handler("nada", "57300", "hola") is None


def test_an_unknown_handler_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert run_handler("no_existe", "57300", "hola") is None
    assert "no_existe" in caplog.text
