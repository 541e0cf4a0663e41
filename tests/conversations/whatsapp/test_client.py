"""The client against a server on loopback that answers, breaks and stays silent as told."""

import base64
import hashlib
import io
import json
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from conversations.whatsapp import outbound, transport
from conversations.whatsapp.client import Client, Sent
from conversations.whatsapp.errors import Action, AnswerUnknown, GraphError, NotSent
from conversations.whatsapp.media import MediaCorrupt, MediaTooBig, as_hex
from conversations.whatsapp.transport import UnsafeUrl

TOKEN = "EAAtoken-que-nadie-debe-ver"
WORDS = outbound.envelope(outbound.text("hola"), to="573001112233")
ACCEPTED = {
    "contacts": [{"input": "573001112233", "wa_id": "573001112233", "user_id": "CO.1"}],
    "messages": [{"id": "wamid.1", "message_status": "accepted"}],
}
PICTURE = b"\x89PNG" + bytes(range(256)) * 1000


@dataclass
class Seen:
    """One request as the server saw it; `connection` tells keep-alive from a new one."""

    method: str
    path: str
    headers: Message
    body: bytes
    connection: tuple[str, int]


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Act = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Answers each request with the next reply, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[Seen] = []
        self.replies: list[Reply | Act] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: clients that break off are part of the tests."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, *replies: Reply | Act | dict[str, Any]) -> None:
        self.replies = [
            Reply(body=json.dumps(reply).encode()) if isinstance(reply, dict) else reply
            for reply in replies
        ]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = Seen(self.command, self.path, self.headers, body, self.client_address)
        self.server.seen.append(seen)
        replies = self.server.replies
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if not isinstance(reply, Reply):
            reply(self)
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    transport.forget_connections()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.url, "v23.0", TOKEN, timeout=(1.0, 0.5))


def refusal(status: int, **error: Any) -> Reply:
    return Reply(status, json.dumps({"error": {"message": "(#1) x", **error}}).encode())


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.8)
    handler.close_connection = True


def reset(handler: BaseHTTPRequestHandler) -> None:
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True
    handler.rfile = io.BytesIO()
    handler.wfile = io.BytesIO()  # type: ignore[assignment]


def half_an_answer(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"messages":')
    handler.close_connection = True


def location(server: Server, content: bytes = PICTURE, **changes: Any) -> dict[str, Any]:
    return {
        "url": f"{server.url}/lookaside/1",
        "mime_type": "image/png",
        "sha256": hashlib.sha256(content).hexdigest(),
        "file_size": len(content),
        "id": "1",
        **changes,
    }


def test_a_send_posts_the_body_with_the_token_and_reads_the_id(server, client):
    server.answer(ACCEPTED)
    assert client.send("111", WORDS) == Sent("wamid.1", "573001112233", "CO.1", "accepted")
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/v23.0/111/messages")
    assert json.loads(seen.body) == WORDS
    assert seen.headers["Authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["Content-Type"] == "application/json"


def test_sends_of_two_companies_share_one_open_connection(server, client):
    server.answer(ACCEPTED)
    client.send("111", WORDS)
    Client(server.url, "v23.0", "otra").send("222", WORDS)
    first, second = server.seen
    assert first.connection == second.connection
    assert second.headers["Authorization"] == "Bearer otra"


def test_a_connection_that_rested_is_not_used_again(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer(ACCEPTED)
    monkeypatch.setattr(transport, "MAX_REST_SECONDS", 0.05)
    client.send("111", WORDS)
    time.sleep(0.1)
    client.send("111", WORDS)
    first, second = server.seen
    assert first.connection != second.connection


def test_a_connection_that_meta_closed_while_idle_costs_no_message(server, client):
    def accept_and_hang_up(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps(ACCEPTED).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    server.answer(accept_and_hang_up)
    client.send("111", WORDS)
    time.sleep(0.1)
    assert client.send("111", WORDS).wamid == "wamid.1"


def test_a_user_without_number_is_accepted(server, client):
    server.answer({"contacts": [{"user_id": "US.1"}], "messages": [{"id": "wamid.2"}]})
    assert client.send("111", WORDS) == Sent("wamid.2", "", "US.1", "")


@pytest.mark.parametrize(
    ("status", "error", "action"),
    [
        (400, {"code": 131030}, Action.AGENT),
        (400, {"code": 131056}, Action.PAIR),
        (400, {"code": 130429}, Action.BACKOFF),
        (401, {"code": 190, "error_subcode": 463}, Action.TOKEN),
        (500, {"code": 131000}, Action.RETRY),
        (500, {"code": 3}, Action.TOKEN),
        (503, {"code": 2, "is_transient": True}, Action.RETRY),
    ],
)
def test_a_refusal_says_what_to_do(server, client, status, error, action):
    server.answer(refusal(status, **error))
    with pytest.raises(GraphError) as caught:
        client.send("111", WORDS)
    assert type(caught.value) is GraphError
    assert (caught.value.action, caught.value.http_status) == (action, status)


def test_the_wait_meta_asks_for_is_in_seconds(server, client):
    usage = {"900": [{"type": "whatsapp", "estimated_time_to_regain_access": 3}]}
    reply = refusal(400, code=80007)
    reply.headers["X-Business-Use-Case-Usage"] = json.dumps(usage)
    server.answer(reply)
    with pytest.raises(GraphError) as caught:
        client.send("111", WORDS)
    assert caught.value.wait_seconds == 180


@pytest.mark.parametrize("header", ["[]", "x", '{"a":[1]}', '{"a":[{}]}', '{"a":1}', "{}"])
def test_a_strange_usage_header_asks_for_no_wait(header):
    assert transport.wait_seconds({"X-Business-Use-Case-Usage": header}) is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(502, b"<html>bad gateway</html>"),
        Reply(500, b""),
        Reply(200, b"<html>hello</html>"),
        Reply(200, b"[]"),
        Reply(200, b'{"messages": []}'),
        silent,
        reset,
        half_an_answer,
    ],
    ids=["502", "500", "html", "array", "no_id", "silence", "reset", "half"],
)
def test_an_answer_lost_on_the_way_is_not_called_unsent(server, client, reply):
    server.answer(reply)
    with pytest.raises(AnswerUnknown) as caught:
        client.send("111", WORDS)
    assert not caught.value.permanent
    assert len(server.seen) == 1


def test_a_closed_door_means_nothing_was_sent():
    with socket.socket() as held:  # bound, never listening
        held.bind(("127.0.0.1", 0))
        client = Client(f"http://127.0.0.1:{held.getsockname()[1]}", "v23.0", TOKEN)
        with pytest.raises(NotSent):
            client.send("111", WORDS)


def test_a_redirect_is_not_followed(server, client):
    server.answer(Reply(302, headers={"Location": f"{server.url}/otra"}), ACCEPTED)
    with pytest.raises(AnswerUnknown):
        client.send("111", WORDS)
    assert len(server.seen) == 1


@pytest.mark.parametrize("number", ["", "111/messages", "../me", "1 1", "111\n", "١"])
def test_only_digits_name_a_number(server, client, number):
    with pytest.raises(GraphError):
        client.send(number, WORDS)
    assert server.seen == []


def test_the_token_shows_up_nowhere(server, client):
    server.answer(silent)
    with pytest.raises(AnswerUnknown) as caught:
        client.send("111", WORDS)
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(client) + str(client)
    assert TOKEN not in told
    assert error.__suppress_context__


def test_a_read_receipt_may_show_typing(server, client):
    server.answer({"success": True})
    client.mark_read("111", "wamid.1", typing=True)
    assert json.loads(server.seen[0].body) == outbound.read_receipt("wamid.1", typing=True)


def test_an_upload_states_the_type_of_the_part(server, client):
    server.answer({"id": "4490"})
    size = len(PICTURE)
    assert (
        client.upload_media("111", io.BytesIO(PICTURE), size=size, mime_type="image/png") == "4490"
    )
    (seen,) = server.seen
    assert seen.path == "/v23.0/111/media"
    boundary = seen.headers["Content-Type"].partition("boundary=")[2].encode()
    parts = seen.body.split(b"--" + boundary)
    assert parts[1].endswith(b'name="messaging_product"\r\n\r\nwhatsapp\r\n')
    assert b"Content-Type: image/png\r\n\r\n" + PICTURE + b"\r\n" in parts[3]
    assert parts[4] == b"--\r\n"


def test_a_download_gives_the_bytes_and_shows_the_token_to_the_same_server(server, client):
    server.answer(location(server), Reply(body=PICTURE))
    assert b"".join(client.download_media("1", "111", max_bytes=10**6)) == PICTURE
    assert [seen.path for seen in server.seen] == ["/v23.0/1?phone_number_id=111", "/lookaside/1"]
    assert server.seen[1].headers["Authorization"] == f"Bearer {TOKEN}"


def test_an_expired_address_is_looked_up_once_more(server, client):
    server.answer(location(server), Reply(404), location(server), Reply(body=PICTURE))
    assert b"".join(client.download_media("1", max_bytes=10**6)) == PICTURE
    server.answer(location(server), Reply(404), location(server), Reply(404))
    with pytest.raises(GraphError):
        client.download_media("1", max_bytes=10**6)


def test_a_file_over_the_limit_is_not_fetched(server, client):
    server.answer(location(server))
    with pytest.raises(MediaTooBig):
        client.download_media("1", max_bytes=100)
    assert len(server.seen) == 1


def test_a_file_longer_than_it_said_is_cut_off(server, client):
    server.answer(location(server, file_size="10"), Reply(body=PICTURE))
    with pytest.raises(MediaTooBig):
        list(client.download_media("1", max_bytes=70_000))


def test_a_damaged_file_is_told_at_its_end(server, client):
    server.answer(location(server), Reply(body=PICTURE[:-1] + b"x"))
    with pytest.raises(MediaCorrupt) as caught:
        list(client.download_media("1", max_bytes=10**6))
    assert not caught.value.permanent


def test_a_download_that_breaks_off_is_an_unknown_answer(server, client):
    server.answer(location(server), half_an_answer)
    with pytest.raises(AnswerUnknown):
        list(client.download_media("1", max_bytes=10**6))


def test_the_connection_serves_again_after_a_download_left_halfway(server, client):
    server.answer(location(server), Reply(body=PICTURE), ACCEPTED)
    chunks = client.download_media("1", max_bytes=10**6)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert client.send("111", WORDS).wamid == "wamid.1"


@pytest.mark.parametrize("media_id", ["", "../111", "1?x=y", "1\n", "wamid.x", "1/2"])
def test_a_hostile_media_id_reaches_no_server(server, client, media_id):
    with pytest.raises(GraphError):
        client.download_media(media_id, max_bytes=10)
    assert server.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://lookaside.fbsbx.com/x",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://evil.example/x",
        "https://evillookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://evil.example\\@lookaside.fbsbx.com/x",
        "https://user@lookaside.fbsbx.com/x",
        "http://127.0.0.1:1/x",
        "//lookaside.fbsbx.com/x",
        "https://[::1/x",
    ],
)
def test_a_foreign_address_never_sees_the_token(server, client, url):
    server.answer(location(server, url=url))
    with pytest.raises(UnsafeUrl):
        client.download_media("1", max_bytes=10**6)


@pytest.mark.parametrize(
    "url", ["https://lookaside.fbsbx.com/a?b=c", "https://GRAPH.facebook.com/x"]
)
def test_media_hosts_of_meta_may_see_it(url):
    transport.require_safe(url, ("https", "graph.facebook.com", 443))


def test_checksums_are_compared_as_hex():
    digest = hashlib.sha256(b"x")
    assert as_hex(base64.b64encode(digest.digest()).decode()) == digest.hexdigest()
    assert as_hex(digest.hexdigest().upper()) == digest.hexdigest()
    assert as_hex("no es") == as_hex("") == as_hex("ñ" * 44) == ""


def test_templates_are_read_page_by_page_without_following_links(server, client):
    cursors = {"cursors": {"after": "A2"}, "next": "https://evil.example/?access_token=x"}
    server.answer(
        {"data": [{"name": "uno"}], "paging": cursors},
        {"data": [{"name": "dos"}, 7], "paging": {"cursors": {"after": "A3"}}},
    )
    assert [found["name"] for found in client.list_templates("900")] == ["uno", "dos"]
    assert "after=A2" in server.seen[1].path


def test_a_number_is_asked_for_and_an_account_subscribed(server, client):
    server.answer({"id": "111", "verified_name": "Acme"}, {"success": True})
    assert client.get_number("111")["verified_name"] == "Acme"
    client.subscribe("900")
    assert server.seen[1].path == "/v23.0/900/subscribed_apps"


def test_subscriptions_name_the_app_and_its_other_address(server, client):
    app = {"id": 7, "link": "https://a.example", "name": "Mi app"}
    server.answer(
        {
            "data": [
                {"whatsapp_business_api_data": app},
                {"whatsapp_business_api_data": {"id": "8"}, "override_callback_uri": "https://b"},
                "roto",
            ]
        }
    )
    found = [(s.app, s.override_url) for s in client.list_subscriptions("900")]
    assert found == [("Mi app", ""), ("8", "https://b"), ("", "")]


def test_the_numbers_of_an_account_are_read_page_by_page(server, client):
    cursors = {"cursors": {"after": "A2"}, "next": "https://evil.example/"}
    server.answer({"data": [{"id": "111"}], "paging": cursors}, {"data": [{"id": "112"}]})
    assert client.list_numbers("900") == ["111", "112"]


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN} ", f"{TOKEN}ñ", f"{TOKEN}\u2028"])
def test_a_token_that_is_no_token_is_sent_nowhere_and_shown_nowhere(server, token):
    with pytest.raises(GraphError) as caught:
        Client(server.url, "v23.0", token).get_number("111")
    assert caught.value.action == Action.TOKEN
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert server.seen == []


def test_the_proxy_of_the_environment_is_used_but_not_for_this_machine(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "")
    transport._proxy.cache_clear()
    assert transport._proxy_for("https://graph.facebook.com/x") == "http://proxy.example:3128"
    assert transport._proxy_for("https://127.0.0.1/x") == ""
    transport._proxy.cache_clear()
