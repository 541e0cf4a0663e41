"""What the checker says of a rulebook, and that the engine agrees."""

from typing import Any

from chatbot.checker import Finding, check
from chatbot.rulebook import RuleData
from tests.chatbot.phone import book

HELLO = "menu_principal|*|Hola"


def findings(*rules: str | RuleData, **facts: Any) -> list[Finding]:
    known = {"initial_step": "menu_principal", "roles": ["Ventas"], "handlers": ["saldo"]}
    return check(book(*rules).rules.values(), **{**known, **facts})


def codes(*rules: str | RuleData, **facts: Any) -> list[tuple[str, int | None, str]]:
    return [(one.code, one.rule_id, one.field) for one in findings(*rules, **facts)]


def test_a_step_that_does_not_exist_is_named_with_the_one_that_was_meant() -> None:
    (found,) = findings("menu_principal|iniciar|Hola|Cotización", "cotizacion|*|Dime la medida")[:1]
    assert (found.severity, found.code, found.field) == ("error", "paso_inexistente", "next_step")
    assert "«cotización»" in found.message
    assert "¿Quisiste decir «cotizacion»?" in found.message


def test_a_rulebook_without_a_start_answers_nobody() -> None:
    assert codes("otro|*|Hola")[0] == ("sin_inicio", None, "step")
    assert codes("menu_principal|1|Uno")[0] == ("sin_saludo", None, "trigger")
    assert codes(HELLO) == []
