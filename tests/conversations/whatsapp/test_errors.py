"""Each error of Meta has its action and a sentence of its own that says what to do."""

import json
from pathlib import Path

import pytest

from conversations.whatsapp import errors
from conversations.whatsapp.error_sentences import SENTENCES
from conversations.whatsapp.errors import Action, AnswerUnknown, GraphError

DATA = Path(__file__).parents[2] / "data" / "whatsapp"
TABLE = json.loads((DATA / "errors.json").read_text(encoding="utf-8"))
CODES = [int(str(row["code"]).partition("-")[0]) for row in TABLE]


def answer(**error: object) -> bytes:
    return json.dumps({"error": {"message": "(#1) x", "type": "OAuthException", **error}}).encode()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: str(row["code"]))
def test_every_documented_code_has_its_documented_action(row):
    code = int(str(row["code"]).partition("-")[0])
    assert errors.action_for(code, None, row["http"]) == Action(row["action"])


def test_every_code_has_a_sentence_of_its_own_of_two_parts():
    assert set(SENTENCES) == set(errors.table())
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    for code, sentence in SENTENCES.items():
        parts = [part for part in sentence.rstrip(".").split(". ") if part]
        assert len(parts) == 2, (code, sentence)


@pytest.mark.parametrize("code", [200, 210, 299])
def test_the_range_of_permissions_is_one_error(code):
    assert errors.action_for(code, None, 403) == Action.TOKEN
    assert errors.explain(code) == errors.explain(200)


def test_the_subcode_decides_where_the_table_has_it():
    assert errors.action_for(100, None, 400) == Action.BUG
    assert errors.action_for(100, 33, 400) == Action.CHANNEL
    assert errors.action_for(100, 2388024, 400) == Action.AGENT
    assert errors.action_for(131009, 2494010, 400) == Action.BUG
    assert errors.explain(190, subcode=463) != errors.explain(190, subcode=467)


def test_unknown_codes_follow_the_http_status():
    assert errors.action_for(999999, None, 500) == Action.RETRY
    assert errors.action_for(999999, None, 400) == Action.AGENT
    assert errors.action_for(999999, None, 429) == Action.BACKOFF
    assert errors.action_for(999999) == Action.AGENT
    assert errors.tries_for(999999) == errors.FEW_TRIES


def test_a_transient_error_is_retried_whatever_its_code():
    assert errors.action_for(100, None, 400, is_transient=True) == Action.RETRY
    assert errors.action_for(131056, None, 400, is_transient=True) == Action.PAIR


def test_an_answer_becomes_an_error_with_all_it_says():
    error = errors.from_answer(
        400,
        answer(
            code=131009,
            error_subcode=2494010,
            fbtrace_id="Az8",
            error_data={"details": "Button title length invalid. Min length: 1, Max length: 20"},
        ),
    )
    assert (error.code, error.subcode, error.http_status) == (131009, 2494010, 400)
    assert error.fbtrace_id == "Az8"
    assert error.permanent
    assert "Max length: 20" in error.text


@pytest.mark.parametrize(
    ("code", "permanent"),
    [(131047, True), (131030, True), (100, True), (190, False), (131056, False), (4, False)],
)
def test_permanent_errors_are_those_that_trying_again_cannot_help(code, permanent):
    assert errors.from_answer(400, answer(code=code)).permanent is permanent


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"error":"x"}', b"[" * 100_000])
@pytest.mark.parametrize("status", [200, 302, 404, 500, 503])
def test_an_answer_that_is_no_answer_leaves_the_outcome_unknown(status, body):
    error = errors.from_answer(status, body)
    assert isinstance(error, AnswerUnknown)
    assert not error.permanent


def test_too_many_requests_without_words_waits():
    error = errors.from_answer(429, b"", wait_seconds=60)
    assert not isinstance(error, AnswerUnknown)
    assert (error.action, error.wait_seconds) == (Action.BACKOFF, 60)


@pytest.mark.parametrize("code", [None, True, "x", 1.5, [], -1, 10**30, "²"])
def test_strange_codes_are_survived(code):
    error = errors.from_answer(400, answer(code=code, error_data="texto", error_subcode={}))
    assert type(error) is GraphError
    assert error.code is None
    assert "texto" in error.text


def test_codes_as_text_are_numbers():
    assert errors.as_code("131047") == 131047
