"""Meta for the tests: the simulator's Graph behind a real HTTP server on the loopback.

Only this is fake, at the HTTP seam. It validates like Meta, answers in well under a millisecond,
and posts nothing by itself: statuses wait until a test delivers them.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from whapco.simulator import webhooks
from whapco.simulator.access import Tokens
from whapco.simulator.clock import Clock
from whapco.simulator.graph import Graph
from whapco.simulator.limits import SendLimits
from whapco.simulator.phone import Phone
from whapco.simulator.script import Switches
from whapco.simulator.templates import TemplateBook
from whapco.simulator.webhooks import Webhook

Json = dict[str, Any]

COMPANIES = (("111", "T1", "secreto-acme"), ("222", "T2", "secreto-beta"))


class FakeMeta:
    """Two numbers: 111 with token T1 and app secret secreto-acme, 222 with T2 and secreto-beta.
    Listens at `url` from the start, until `close`.

    Strict about everything but memory: message ids it never saw may be marked as read, and the
    window of a customer it never heard is open. `reset(strict=True)` ends that.
    """

    def __init__(self) -> None:
        self.graph = Graph(forgiving=True)
        self.phone = Phone(self.graph)
        self.webhooks: deque[Webhook] = deque(maxlen=100_000)
        self.graph.emit = self.webhooks.append
        self._released = threading.Event()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.graph.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self.reset()

    def reset(self, *, strict: bool = False) -> None:
        """As new: the two numbers, nothing accepted, nothing planned, a fresh clock."""
        graph = self.graph
        self._released.set()
        self._released = threading.Event()
        with graph.memory.lock:
            graph.memory.clear()
            graph.media.clear()
            graph.script.clear()
            graph.clock.wall = time.time
            graph.clock.offset_seconds = 0.0
            graph.limits = SendLimits()
            graph.tokens = Tokens()
            graph.templates = TemplateBook()
            vars(graph.switches).update(vars(Switches()))
            graph.forgiving = not strict
            graph.outage = None
            graph.sender.accepted.clear()
            graph.sender.receipts.clear()
            self.webhooks.clear()
        for phone_number_id, token, secret in COMPANIES:
            waba_id = f"9{phone_number_id}"
            graph.add_number(phone_number_id, token, app_secret=secret, waba_id=waba_id)

    @property
    def url(self) -> str:
        """For GRAPH_API_URL, without version."""
        return self.graph.base_url

    @property
    def calls(self) -> list[Json]:
        """The accepted bodies of /messages, in order, of all numbers."""
        return [body for _, _, body in self.graph.sender.accepted]

    def calls_of(self, phone_number_id: str) -> list[Json]:
        return [body for number, _, body in self.graph.sender.accepted if number == phone_number_id]

    @property
    def sends(self) -> list[tuple[str, str, Json]]:
        """As `calls`, each with its phone_number_id and token."""
        return list(self.graph.sender.accepted)

    @property
    def receipts(self) -> list[Json]:
        """The read receipts, typing indicators included."""
        return [body for _, body in self.graph.sender.receipts]

    @property
    def refused(self) -> list[tuple[int, Any]]:
        """(HTTP status, body) of every call that was answered with an error, in order."""
        calls = self.graph.memory.calls
        return [(call.status, call.request) for call in calls if call.status >= 400]

    @property
    def clock(self) -> Clock:
        return self.graph.clock

    @property
    def delay_seconds(self) -> float:
        """How long every answer is held back."""
        return self.graph.switches.delay_seconds

    @delay_seconds.setter
    def delay_seconds(self, seconds: float) -> None:
        self.graph.switches.delay_seconds = seconds

    def fail_next(self, what: int | str, times: int = 1, to: str = "") -> None:
        """The next sends (to that wa_id) fail: with an error code of Meta's (at once or in a
        `failed` status, as Meta does with that code), or as "500" (HTML, not accepted), "timeout"
        (accepted, answered after `hold_seconds`), "drop" (accepted, connection closed) or "lost"
        (not accepted, connection closed)."""
        self.graph.script.plan(what, times, to)

    def hold_seconds(self, seconds: float) -> None:
        """How long a "timeout" holds its answer: longer than the client waits, no longer."""
        self.graph.switches.hold_seconds = seconds

    def deliver_statuses(self, post: Callable[[bytes, dict[str, str]], Any]) -> int:
        """Hand every webhook that waits to `post(body, headers)`, signed, in order; how many."""
        count = 0
        while self.webhooks:
            webhook = self.webhooks.popleft()
            secret = self.graph.memory.numbers[webhook.phone_number_id].app_secret
            post(*webhooks.signed(webhook.body, secret))
            count += 1
        return count

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def hold(self, seconds: float) -> None:
        """Sleep, but let `reset` and `close` cut it short."""
        if seconds:
            self._released.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, meta: FakeMeta) -> None:
        self.meta = meta
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is the point of some tests, and worth no traceback."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        headers = dict(self.headers.items())
        meta = self.server.meta
        answer = meta.graph.handle(self.command, url.path, query, headers, body)
        meta.hold(answer.delay_seconds)
        if answer.drop:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
