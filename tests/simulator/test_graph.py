"""Addresses, tokens, headers and fields."""

import pytest

from tests.meta import FakeMeta
from tests.simulator.calls import CAMILA, answer_of, call, code_of, send, text_body
from whapco.simulator.access import Tokens
from whapco.simulator.graph import Graph


def test_without_a_token_the_code_is_104(strict: FakeMeta) -> None:
    response = send(strict, token="")
    assert (response.status, code_of(response)) == (400, 104)


def test_an_unknown_token_is_401_with_a_challenge(strict: FakeMeta) -> None:
    response = send(strict, token="otro")
    assert (response.status, code_of(response)) == (401, 190)
    assert response.headers["WWW-Authenticate"].startswith('OAuth "Facebook Platform"')


def test_an_expired_token_says_when(strict: FakeMeta) -> None:
    strict.graph.tokens.expire("T1")
    error = answer_of(send(strict))["error"]
    assert (error["code"], error["error_subcode"]) == (190, 463)
    assert error["message"].startswith("Error validating access token: Session has expired on ")
    assert code_of(send(strict, number="222", token="T2")) is None


def test_a_foreign_number_looks_like_one_that_does_not_exist(strict: FakeMeta) -> None:
    foreign, missing = send(strict, number="222"), send(strict, number="999")
    for response in (foreign, missing):
        error = answer_of(response)["error"]
        assert (response.status, error["code"], error["error_subcode"]) == (400, 100, 33)
        assert error["type"] == "GraphMethodException"
    assert strict.calls == []


def test_the_token_is_checked_before_the_path_and_the_path_before_the_body(
    strict: FakeMeta,
) -> None:
    assert code_of(call(strict, "POST", "v23.0/nada", {}, token="otro")) == 190
    assert code_of(call(strict, "POST", "v23.0/nada", {})) == 2500
    assert code_of(call(strict, "POST", "v23.0/999/messages", {})) == 100
    assert answer_of(call(strict, "POST", "v23.0/999/messages", {}))["error"]["error_subcode"] == 33


@pytest.mark.parametrize("path", ["v23.0/111/nada", "v23.0/111/messages/2", "v16.0/111/messages"])
def test_unknown_paths_are_2500(strict: FakeMeta, path: str) -> None:
    assert code_of(call(strict, "POST", path, text_body())) == 2500


@pytest.mark.parametrize("path", ["v17.0/111/messages", "v25.0/111/messages", "/111/messages"])
def test_any_live_version_serves_and_none_too(strict: FakeMeta, path: str) -> None:
    assert code_of(call(strict, "POST", path, text_body())) is None


def test_reading_messages_is_not_supported(strict: FakeMeta) -> None:
    error = answer_of(call(strict, "GET", "v23.0/111/messages"))["error"]
    assert error["message"].startswith("Unsupported get request. Object with ID '111' does not")


def test_answers_carry_metas_headers(strict: FakeMeta) -> None:
    headers = send(strict).headers
    assert headers["Content-Type"] == "application/json; charset=UTF-8"
    wanted = {"facebook-api-version", "x-fb-trace-id", "x-fb-request-id"}
    assert wanted | {"x-business-use-case-usage"} <= set(headers)


def test_the_answer_to_a_send_names_the_normalised_recipient(strict: FakeMeta) -> None:
    answer = answer_of(send(strict, text_body(to="+57 300-111 2233")))
    contact = answer["contacts"][0]
    assert (contact["input"], contact["wa_id"]) == ("+57 300-111 2233", CAMILA)
    assert answer["messages"][0]["id"].startswith("wamid.")


def test_a_number_shows_the_fields_that_were_asked_for(strict: FakeMeta) -> None:
    answer = answer_of(call(strict, "GET", "v23.0/111", fields="verified_name,quality_rating"))
    assert answer == {"id": "111", "verified_name": "Número 111", "quality_rating": "GREEN"}
    assert code_of(call(strict, "GET", "v23.0/111", fields="nada")) == 100
    assert "display_phone_number" in answer_of(call(strict, "GET", "v23.0/111"))


def test_templates_come_in_pages(strict: FakeMeta) -> None:
    path = "v23.0/9111/message_templates"
    first = answer_of(call(strict, "GET", path, limit="2"))
    assert len(first["data"]) == 2
    assert "next" in first["paging"]
    after = first["paging"]["cursors"]["after"]
    rest = answer_of(call(strict, "GET", path, after=after))
    names = {row["name"] for row in first["data"] + rest["data"]}
    assert "next" not in rest["paging"]
    assert names == {template.name for template in strict.graph.templates.templates}
    assert code_of(call(strict, "GET", path, token="T2")) == 100


def test_an_open_house_registers_numbers_as_they_come() -> None:
    graph = Graph(tokens=Tokens(open_house=True))
    headers = {"Authorization": "Bearer cualquiera"}
    body = b'{"messaging_product":"whatsapp","to":"573001112233","type":"text","text":{"body":"a"}}'
    assert graph.handle("POST", "v23.0/333/messages", {}, headers, body).status == 200
    assert set(graph.memory.numbers) == {"333"}
    assert graph.handle("GET", "v23.0/444", {}, headers, b"").status == 400
    assert graph.handle("POST", "v23.0/333/messages", {}, {}, body).status == 400
