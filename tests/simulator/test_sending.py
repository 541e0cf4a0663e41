"""Statuses, the 24-hour window, limits, templates, and failures on request."""

from typing import Any

import pytest

from tests.meta import FakeMeta
from tests.simulator.calls import CAMILA, answer_of, call, code_of, send, statuses, text_body
from whapco.simulator.limits import SendLimits

NAMES = {"parameters": [{"type": "text", "text": "Ana"}], "type": "body"}


def template(name: str, components: list[dict[str, Any]], language: str = "es") -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "to": CAMILA,
        "type": "template",
        "template": {"name": name, "language": {"code": language}, "components": components},
    }


def test_an_open_window_gives_sent_and_delivered_with_the_callers_id(strict: FakeMeta) -> None:
    strict.phone.text("111", CAMILA, "hola")
    strict.webhooks.clear()
    wamid = answer_of(send(strict, text_body(biz_opaque_callback_data="msg:42")))["messages"][0][
        "id"
    ]
    found = statuses(strict)
    assert [status["status"] for status in found] == ["sent", "delivered"]
    assert {status["id"] for status in found} == {wamid}
    assert {status["biz_opaque_callback_data"] for status in found} == {"msg:42"}
    assert {status["recipient_id"] for status in found} == {CAMILA}


def test_a_closed_window_is_accepted_and_fails_later(strict: FakeMeta) -> None:
    strict.phone.text("111", CAMILA, "hola")
    strict.clock.advance(24 * 3600)
    strict.webhooks.clear()
    assert send(strict).status == 200
    [status] = statuses(strict)
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)
    assert status["errors"][0]["error_data"]["details"].startswith("Message failed to send because")


def test_another_customers_word_opens_no_window(strict: FakeMeta) -> None:
    strict.phone.text("111", CAMILA, "hola")
    strict.phone.text("222", "573009999999", "hola")
    strict.webhooks.clear()
    send(strict, number="222", token="T2")
    assert statuses(strict)[0]["errors"][0]["code"] == 131047


def test_a_template_needs_no_window(strict: FakeMeta) -> None:
    assert code_of(send(strict, template("retomar_conversacion", [NAMES]))) is None
    assert [status["status"] for status in statuses(strict)] == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("name", "components", "language", "code"),
    [
        ("no_existe", [], "es", 132001),
        ("retomar_conversacion", [NAMES], "en_US", 132001),
        ("encuesta_pausada", [], "es", 132015),
        ("retomar_conversacion", [], "es", 132000),
        ("promo_del_mes", [{**NAMES, "type": "header"}], "es", 132012),
        ("hello_world", [], "en_US", None),
    ],
)
def test_templates_are_checked_against_what_was_approved(
    strict: FakeMeta, name: str, components: list[dict[str, Any]], language: str, code: int | None
) -> None:
    assert code_of(send(strict, template(name, components, language))) == code


def test_the_count_of_parameters_is_explained(strict: FakeMeta) -> None:
    error = answer_of(send(strict, template("retomar_conversacion", [])))["error"]
    assert error["error_data"]["details"] == (
        "body: number of localizable_params (0) does not match the expected number of params (1)"
    )


def test_a_line_break_in_a_template_parameter_is_132018(strict: FakeMeta) -> None:
    broken = {"type": "body", "parameters": [{"type": "text", "text": "a\nb"}]}
    assert code_of(send(strict, template("retomar_conversacion", [broken]))) == 132018


def test_a_customer_without_whatsapp_fails_later(meta: FakeMeta) -> None:
    meta.phone.text("111", CAMILA, "hola")
    meta.graph.memory.customers[CAMILA].on_whatsapp = False
    meta.webhooks.clear()
    assert send(meta).status == 200
    assert statuses(meta)[0]["errors"][0]["code"] == 131026


def test_nobody_writes_to_their_own_number(strict: FakeMeta) -> None:
    own = strict.graph.memory.numbers["111"].display_phone_number
    assert code_of(send(strict, text_body(to=own))) == 131021


def test_a_pair_has_a_burst_and_then_one_message_each_six_seconds(meta: FakeMeta) -> None:
    meta.graph.limits = SendLimits(pair_burst=3, number_rate=0)
    meta.clock.wall = lambda: 1_000_000.0
    assert [code_of(send(meta)) for _ in range(4)] == [None, None, None, 131056]
    assert code_of(send(meta, text_body(to="573009999999"))) is None
    meta.clock.advance(6)
    assert [code_of(send(meta)) for _ in range(2)] == [None, 131056]


def test_a_number_has_a_rate(meta: FakeMeta) -> None:
    meta.graph.limits = SendLimits(pair_burst=0, number_rate=2)
    meta.clock.wall = lambda: 1_000_000.0
    codes = [code_of(send(meta, text_body(to=f"57300000000{index}"))) for index in range(3)]
    assert codes == [None, None, 130429]
    assert code_of(send(meta, number="222", token="T2")) is None


@pytest.mark.parametrize("code", [131056, 130429, 190, 131030, 131000])
def test_a_failure_on_request_happens_at_once_and_only_as_often(meta: FakeMeta, code: int) -> None:
    meta.fail_next(code, times=2)
    assert [code_of(send(meta)) for _ in range(3)] == [code, code, None]
    assert len(meta.calls) == 1


@pytest.mark.parametrize("code", [131047, 131026, 131053])
def test_failures_that_meta_reports_later_come_later(meta: FakeMeta, code: int) -> None:
    meta.fail_next(code)
    assert send(meta).status == 200
    assert [status["errors"][0]["code"] for status in statuses(meta)] == [code]


def test_a_failure_may_be_meant_for_one_recipient(meta: FakeMeta) -> None:
    meta.fail_next(131056, to=CAMILA)
    assert code_of(send(meta, text_body(to="573009999999"))) is None
    assert code_of(send(meta)) == 131056


def test_a_broken_body_does_not_use_up_a_failure(meta: FakeMeta) -> None:
    meta.fail_next(131056)
    assert code_of(send(meta, text_body(body=""))) == 100
    assert code_of(send(meta)) == 131056


def test_a_page_of_html_with_500_is_not_a_message(meta: FakeMeta) -> None:
    meta.fail_next("500")
    response = send(meta)
    assert (response.status, response.headers["Content-Type"]) == (500, "text/html")
    assert meta.calls == []


def test_unknown_failures_are_refused_by_name(meta: FakeMeta) -> None:
    with pytest.raises(ValueError, match="nada"):
        meta.fail_next("nada")


def test_a_read_receipt_marks_the_messages_before_it_and_shows_typing(strict: FakeMeta) -> None:
    first, second, third = (strict.phone.text("111", CAMILA, text) for text in "abc")
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": second}
    typing = receipt | {"typing_indicator": {"type": "text"}}
    assert answer_of(call(strict, "POST", "v23.0/111/messages", typing)) == {"success": True}
    chat = strict.graph.memory.chats["111", CAMILA]
    assert [chat.bubbles[wamid].status for wamid in (first, second, third)] == [
        "read",
        "read",
        "sent",
    ]
    assert chat.typing_until > strict.clock.now()
    send(strict)
    assert chat.typing_until == 0
    assert strict.receipts == [typing]


def test_a_receipt_for_an_unknown_message_is_refused(strict: FakeMeta) -> None:
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.AAAA"}
    assert code_of(call(strict, "POST", "v23.0/111/messages", receipt)) == 131009
    theirs = strict.phone.text("222", CAMILA, "hola")
    receipt["message_id"] = theirs
    assert code_of(call(strict, "POST", "v23.0/111/messages", receipt)) == 131009


def test_a_user_id_reaches_the_person_behind_it(strict: FakeMeta) -> None:
    strict.phone.text("111", CAMILA, "hola")
    message = strict.webhooks[0].body["entry"][0]["changes"][0]["value"]["messages"][0]
    strict.webhooks.clear()
    body = text_body() | {"recipient": message["from_user_id"]}
    del body["to"]
    assert answer_of(send(strict, body))["contacts"][0]["wa_id"] == CAMILA
    assert statuses(strict)[0]["status"] == "sent"


def test_reactions_only_yield_sent_and_stay_on_their_message(strict: FakeMeta) -> None:
    wamid = strict.phone.text("111", CAMILA, "hola")
    strict.webhooks.clear()
    body = {
        "messaging_product": "whatsapp",
        "to": CAMILA,
        "type": "reaction",
        "reaction": {"message_id": wamid, "emoji": "👍"},
    }
    assert send(strict, body).status == 200
    assert [status["status"] for status in statuses(strict)] == ["sent"]
    chat = strict.graph.memory.chats["111", CAMILA]
    assert list(chat.bubbles) == [wamid]
    assert chat.bubbles[wamid].reactions == {"business": "👍"}


def test_a_reaction_to_nothing_fails_later(strict: FakeMeta) -> None:
    strict.phone.text("111", CAMILA, "hola")
    strict.webhooks.clear()
    reaction = {"message_id": "wamid.QUFBQQ==", "emoji": "👍"}
    body = {"messaging_product": "whatsapp", "to": CAMILA, "type": "reaction"}
    assert send(strict, body | {"reaction": reaction}).status == 200
    assert statuses(strict)[0]["errors"][0]["code"] == 131009
