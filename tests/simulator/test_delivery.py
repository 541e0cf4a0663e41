"""Webhooks over real HTTP: retried, in order, and as badly as the switches ask for."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from whapco.simulator.delivery import Delivery
from whapco.simulator.script import Switches
from whapco.simulator.webhooks import Webhook, signature


class Product:
    """A /webhook that answers what `answers` says, 200 when that is used up."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[int] = []
        self.signatures: list[str | None] = []
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()

    def answer(self, body: bytes, sign: str | None) -> int:
        with self.lock:
            status = self.answers.pop(0) if self.answers else 200
            self.signatures.append(sign)
            self.bodies.append(body)
            if status == 200:
                self.got.append(json.loads(body)["n"])
            return status


@pytest.fixture
def product() -> Iterator[tuple[Product, str]]:
    product = Product()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response_only(product.answer(body, self.headers["X-Hub-Signature-256"]))
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield product, f"http://127.0.0.1:{server.server_port}/webhook"
    server.shutdown()
    server.server_close()


class Line:
    """A Delivery to that product, with what it recorded."""

    def __init__(self, url: str) -> None:
        self.switches = Switches()
        self.records: list[int] = []
        self.delivery = Delivery(
            url,
            lambda number: f"secreto-{number}",
            self.switches,
            lambda webhook, status, answer: self.records.append(status),
            pauses_seconds=(0.01, 0.02, 0.03),
            shuffle_seconds=0.2,
        )

    def post(self, number: int, lane: str = "a", delay_seconds: float = 0.0) -> None:
        self.delivery.post(Webhook({"n": number}, "111", lane, delay_seconds))


@pytest.fixture
def line(product: tuple[Product, str]) -> Line:
    return Line(product[1])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited 5 s in vain"
        time.sleep(0.005)


def test_one_contacts_webhooks_keep_their_order_through_failures(
    product: tuple[Product, str], line: Line
) -> None:
    product[0].answers = [500, 302]
    for number in range(6):
        line.post(number, delay_seconds=0.02 if number % 2 else 0)
    wait_for(lambda: line.delivery.pending() == 0)
    assert product[0].got == [0, 1, 2, 3, 4, 5]
    assert line.records[:3] == [500, 302, 200]


def test_a_failing_contact_holds_nobody_else_back(product: tuple[Product, str], line: Line) -> None:
    product[0].answers = [500]
    line.post(1, "a")
    line.post(2, "b")
    wait_for(lambda: line.delivery.pending() == 0)
    assert sorted(product[0].got) == [1, 2]


def test_after_the_last_pause_it_gives_up(product: tuple[Product, str], line: Line) -> None:
    product[0].answers = [503] * 10
    line.post(1)
    wait_for(lambda: line.delivery.pending() == 0)
    assert line.records == [503] * 4


def test_bodies_are_signed_with_the_secret_of_the_number(
    product: tuple[Product, str], line: Line
) -> None:
    line.post(1)
    wait_for(lambda: line.delivery.pending() == 0)
    assert product[0].signatures == [signature(product[0].bodies[0], "secreto-111")]


@pytest.mark.parametrize("mode", ["wrong", "missing"])
def test_signatures_can_go_wrong(product: tuple[Product, str], line: Line, mode: str) -> None:
    line.switches.signature = mode
    line.post(1)
    wait_for(lambda: line.delivery.pending() == 0)
    [sign] = product[0].signatures
    assert sign != signature(product[0].bodies[0], "secreto-111")
    assert (sign is None) == (mode == "missing")


def test_duplicates_and_shuffling_are_switches(product: tuple[Product, str], line: Line) -> None:
    line.switches.duplicate = line.switches.reorder = True
    for number in range(10):
        line.post(number)
    wait_for(lambda: line.delivery.pending() == 0)
    assert sorted(product[0].got) == sorted([*range(10), *range(10)])
    assert product[0].got != sorted(product[0].got)


def test_clearing_forgets_what_waits(product: tuple[Product, str], line: Line) -> None:
    line.post(1, delay_seconds=30)
    line.delivery.clear()
    line.post(2)
    wait_for(lambda: line.delivery.pending() == 0)
    assert product[0].got == [2]
