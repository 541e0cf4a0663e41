"""Accounts: their numbers, and the subscription without which Meta posts nothing."""

import pytest

from tests.meta import FakeMeta
from tests.simulator.calls import CAMILA, answer_of, call, code_of
from whapco.simulator.errors import MetaError

APPS = "v23.0/9111/subscribed_apps"


def test_a_subscription_is_shown_taken_away_and_given_back(strict: FakeMeta) -> None:
    (app,) = answer_of(call(strict, "GET", APPS))["data"]
    assert set(app["whatsapp_business_api_data"]) == {"id", "link", "name"}
    assert answer_of(call(strict, "DELETE", APPS)) == {"success": True}
    assert answer_of(call(strict, "GET", APPS)) == {"data": []}
    assert answer_of(call(strict, "POST", APPS, {})) == {"success": True}
    assert len(answer_of(call(strict, "GET", APPS))["data"]) == 1


def test_an_account_that_nobody_subscribed_to_posts_nothing(strict: FakeMeta) -> None:
    call(strict, "DELETE", APPS)
    strict.phone.text("111", CAMILA, "hola")
    assert not strict.webhooks
    strict.phone.text("222", CAMILA, "hola")
    assert len(strict.webhooks) == 1


def test_an_override_address_is_shown(strict: FakeMeta) -> None:
    strict.graph.memory.overrides["9111"] = "https://otra.example/webhook"
    (app,) = answer_of(call(strict, "GET", APPS))["data"]
    assert app["override_callback_uri"] == "https://otra.example/webhook"


def test_another_tokens_account_looks_like_one_that_does_not_exist(strict: FakeMeta) -> None:
    for path in ("v23.0/9222/subscribed_apps", "v23.0/9999/phone_numbers", "v23.0/9222"):
        for method in ("GET", "POST"):
            error = answer_of(call(strict, method, path, {}))["error"]
            assert (error["code"], error["error_subcode"]) == (100, 33)
            assert path.split("/")[1] in error["message"]


def test_an_id_of_the_wrong_kind_is_named_as_such(strict: FakeMeta) -> None:
    as_account = answer_of(call(strict, "GET", "v23.0/111/subscribed_apps"))["error"]
    assert as_account["message"].endswith("on node type (WhatsAppBusinessPhoneNumber)")
    as_number = call(strict, "GET", "v23.0/9111", fields="display_phone_number")
    assert answer_of(as_number)["error"]["message"].endswith(
        "on node type (WhatsAppBusinessAccount)"
    )


def test_an_account_lists_its_numbers_in_pages(strict: FakeMeta) -> None:
    strict.graph.add_number("112", "T1", waba_id="9111")
    path = "v23.0/9111/phone_numbers"
    page = answer_of(call(strict, "GET", path, fields="id", limit="1"))
    assert page["data"] == [{"id": "111"}]
    after = page["paging"]["cursors"]["after"]
    assert answer_of(call(strict, "GET", path, fields="id", after=after))["data"] == [{"id": "112"}]
    assert code_of(call(strict, "GET", path, fields="nada")) == 100
    assert answer_of(call(strict, "GET", "v23.0/9111"))["id"] == "9111"


def test_a_token_without_the_permission_is_403(strict: FakeMeta) -> None:
    strict.graph.tokens.withdraw_permission("T1")
    answer = call(strict, "GET", APPS)
    assert (answer.status, code_of(answer)) == (403, 10)


@pytest.mark.parametrize("path", [APPS, "v23.0/111"])
def test_an_outage_answers_every_call(strict: FakeMeta, path: str) -> None:
    strict.graph.outage = MetaError(2)
    answer = call(strict, "GET", path)
    assert (answer.status, code_of(answer)) == (503, 2)
