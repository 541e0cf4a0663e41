"""Django's door: Meta's address, the page, its commands."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.simulator.calls import CAMILA, text_body
from whapco.simulator import runtime
from whapco.simulator.runtime import Simulator
from whapco.simulator.webhooks import Webhook


@pytest.fixture
def posted() -> list[Webhook]:
    return []


@pytest.fixture
def simulator(settings: Any, posted: list[Webhook]) -> Iterator[Simulator]:
    """As in the demo, but webhooks stay here."""
    settings.SIMULATOR_ENABLED = settings.DEMO = True
    settings.PHONE_NUMBER_ID, settings.META_TOKEN = "111", "T1"
    runtime.simulator.cache_clear()
    simulator = runtime.simulator()
    simulator.graph.emit = posted.append
    yield simulator
    runtime.simulator.cache_clear()


@pytest.fixture
def browser(simulator: Simulator, client: Client) -> Client:
    return client


def command(browser: Client, name: str, /, **data: Any) -> dict[str, Any]:
    response = browser.post(f"/simulador/control/{name}", data, content_type="application/json")
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def state(browser: Client, **query: Any) -> dict[str, Any]:
    query = {"number": "111", "customer": CAMILA, "after": 0} | query
    answer: dict[str, Any] = browser.get("/simulador/control/state", query).json()
    return answer


def send(browser: Client, body: dict[str, Any], number: str = "111", token: str = "T1") -> Any:
    return browser.post(
        f"/simulador/graph/v23.0/{number}/messages",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest.mark.parametrize(
    "path", ["", "graph/v23.0/111", "control/state", "control/texto", "control/archivo"]
)
def test_without_the_setting_there_is_nothing(settings: Any, client: Client, path: str) -> None:
    settings.SIMULATOR_ENABLED = False
    assert client.get(f"/simulador/{path}").status_code == 404
    assert client.post(f"/simulador/{path}").status_code == 404


def test_the_page_needs_no_company_and_no_inline_code(browser: Client) -> None:
    page = browser.get("/simulador/")
    html = page.content.decode()
    assert page.status_code == 200
    assert "131047 · Ventana de 24 horas cerrada" in html
    assert "style=" not in html
    assert "onclick" not in html
    assert html.count("<script") == 3  # theme, module, and the words as JSON
    assert "csrftoken" in page.cookies


def test_a_send_needs_no_csrf_token_but_a_command_does(simulator: Simulator) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert send(strict, text_body()).status_code == 200
    refused = strict.post("/simulador/control/texto", {}, content_type="application/json")
    assert refused.status_code == 403


def test_errors_and_headers_pass_through_the_door(browser: Client) -> None:
    response = send(browser, text_body(body=""))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == 100
    assert response["x-fb-trace-id"]
    assert send(browser, text_body(), token="").json()["error"]["code"] == 104


def test_a_second_companys_number_works_at_once(browser: Client) -> None:
    assert send(browser, text_body(), number="222", token="otro").status_code == 200
    assert {number["id"] for number in state(browser)["numbers"]} == {"111", "222"}


def test_writing_posts_a_webhook_and_shows_a_bubble(browser: Client, posted: list[Webhook]) -> None:
    command(browser, "texto", number="111", customer=CAMILA, text="hola")
    [bubble] = state(browser)["bubbles"]
    assert (bubble["side"], bubble["text"]) == ("customer", "hola")
    value = posted[0].body["entry"][0]["changes"][0]["value"]
    assert value["contacts"][0]["profile"]["name"] == "Camila Rojas"
    assert value["messages"][0]["text"] == {"body": "hola"}


def test_only_what_is_new_is_told_and_reading_is_news(
    browser: Client, posted: list[Webhook]
) -> None:
    send(browser, text_body())
    first = state(browser)
    assert [bubble["status"] for bubble in first["bubbles"]] == ["delivered"]
    assert state(browser, after=first["seq"])["bubbles"] == []
    watched = state(browser, after=first["seq"], watched=1)
    assert [bubble["status"] for bubble in watched["bubbles"]] == ["read"]
    statuses = [w.body["entry"][0]["changes"][0]["value"]["statuses"][0] for w in posted]
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]


def test_calls_are_listed_with_their_answer(browser: Client) -> None:
    send(browser, text_body(body=""))
    [call] = state(browser)["calls"]
    assert (call["direction"], call["status"]) == ("graph", 400)
    assert json.loads(call["answer"])["error"]["code"] == 100
    assert "T1" not in json.dumps(call)


def test_a_failure_and_the_clock_are_one_command_away(browser: Client) -> None:
    command(browser, "fallo", what="131056", times=1)
    assert state(browser)["planned"] == 1
    assert send(browser, text_body()).json()["error"]["code"] == 131056
    command(browser, "texto", number="111", customer=CAMILA, text="hola")
    command(browser, "reloj", seconds=90_000)
    assert send(browser, text_body()).status_code == 200
    assert state(browser)["bubbles"][-1]["error"] == "131047"


def test_switches_keep_their_types(browser: Client) -> None:
    command(browser, "interruptor", delay_seconds=0, duplicate=True, signature="wrong")
    switches = state(browser)["switches"]
    assert (switches["duplicate"], switches["signature"]) == (True, "wrong")


def test_a_file_can_be_sent_shown_and_downloaded(browser: Client, posted: list[Webhook]) -> None:
    query = f"number=111&customer={CAMILA}&filename=nota.ogg&voice=1"
    response = browser.post(
        f"/simulador/control/archivo?{query}", b"OggS OpusHead", content_type="audio/ogg"
    )
    assert response.status_code == 200
    audio = posted[0].body["entry"][0]["changes"][0]["value"]["messages"][0]["audio"]
    assert audio["voice"] is True
    shown = browser.get(f"/simulador/control/archivo/{audio['id']}")
    assert (shown.content, shown["X-Content-Type-Options"]) == (b"OggS OpusHead", "nosniff")


def test_a_file_for_a_number_that_is_not_there_is_refused(browser: Client) -> None:
    response = browser.post("/simulador/control/archivo", b"OggS", content_type="audio/ogg")
    assert response.status_code == 400
    assert response.json() == {"error": "No such business number."}


def test_a_page_of_html_is_never_shown_as_one(browser: Client, posted: list[Webhook]) -> None:
    browser.post(
        f"/simulador/control/archivo?number=111&customer={CAMILA}&filename=a.html",
        b"<script>alert(1)</script>",
        content_type="text/html",
    )
    document = posted[0].body["entry"][0]["changes"][0]["value"]["messages"][0]["document"]
    shown = browser.get(f"/simulador/control/archivo/{document['id']}")
    assert shown["Content-Type"] == "application/octet-stream"
    assert shown["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("texto", {}),
        ("texto", {"number": "999", "customer": CAMILA, "text": "hola"}),
        ("toque", {"number": "111", "customer": CAMILA, "message": "wamid.x", "option": "1"}),
        ("fallo", {"what": "nada"}),
        ("interruptor", {"nada": 1}),
        ("cliente", {"wa_id": "12"}),
        ("numero", {"id": "x"}),
        ("cliente/cambiar", {"wa_id": "0"}),
        ("texto", [1]),
    ],
)
def test_nonsense_is_refused_with_a_reason(browser: Client, name: str, data: Any) -> None:
    response = browser.post(f"/simulador/control/{name}", data, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]


def test_an_unknown_command_is_404(browser: Client) -> None:
    assert browser.post("/simulador/control/nada").status_code == 404


def test_a_reset_leaves_the_first_numbers_and_customers(browser: Client) -> None:
    before = state(browser)
    command(browser, "texto", number="111", customer=CAMILA, text="hola")
    command(browser, "numero", id="222", name="Beta", app_secret="s")
    command(browser, "cliente", wa_id="+57 311 000 0000", name="Nueva")
    command(browser, "interruptor", duplicate=True)
    command(browser, "reiniciar")
    after = state(browser)
    assert after["epoch"] != before["epoch"]
    for key in ("numbers", "customers", "switches", "bubbles", "planned"):
        assert after[key] == before[key]
