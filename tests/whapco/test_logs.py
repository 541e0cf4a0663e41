"""JSON log lines tell whose and where, and nothing that a customer wrote."""

import json
import logging
from types import SimpleNamespace

import pytest
from django.test import Client

from tenants.context import tenant_context
from whapco.logs import JsonFormatter


def line(record: logging.LogRecord) -> dict[str, object]:
    text = JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    trouble = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("x", logging.ERROR, __file__, 1, message, args, trouble)


def test_a_line_names_the_company(companies: SimpleNamespace) -> None:
    assert line(record("Sin empresa"))["company"] is None
    with tenant_context(companies.acme):
        found = line(record("La tarea %s falló", "sweep"))
    assert found["company"] == "acme"
    assert found["message"] == "La tarea sweep falló"


def test_an_error_is_told_without_its_text() -> None:
    try:
        raise ValueError("el cliente dijo: mi clave es 1234")
    except ValueError as error:
        found = line(record("Falló", error=error))
    assert found["error"] == "ValueError"
    assert "1234" not in json.dumps(found)
    assert "test_an_error_is_told_without_its_text" in str(found["stack"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abcDEF-1234", True), ("", False), ("a b\r\nc: d", False), ("x" * 65, False)],
)
def test_each_answer_has_the_id_of_its_request(
    companies: SimpleNamespace, given: str, kept: bool
) -> None:
    answer = Client().get("/login", headers={"x-request-id": given.replace("\r\n", " ")})
    assert (answer["X-Request-ID"] == given) is kept
    assert len(answer["X-Request-ID"]) >= 11
