"""Upload, look-up, download, expiry."""

import json

import pytest

from tests.meta import FakeMeta
from tests.simulator.calls import CAMILA, answer_of, call, code_of, send
from whapco.simulator.http import Response

JPEG = b"\xff\xd8\xff\xe0 una foto \r\n--con guiones\r\n\r\n y saltos \xff\xd9"


def upload(
    meta: FakeMeta, content: bytes, mime_type: str, *, number: str = "111", token: str = "T1"
) -> Response:
    body = (
        b'--frontera\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\n'
        b"whatsapp\r\n"
        b'--frontera\r\nContent-Disposition: form-data; name="file"; filename="foto.jpg"\r\n'
        b"Content-Type: " + mime_type.encode() + b"\r\n\r\n" + content + b"\r\n--frontera--\r\n"
    )
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "multipart/form-data; boundary=frontera",
    }
    return meta.graph.handle("POST", f"v23.0/{number}/media", {}, headers, body)


def image(media_id: str) -> dict[str, object]:
    return {
        "messaging_product": "whatsapp",
        "to": CAMILA,
        "type": "image",
        "image": {"id": media_id},
    }


def test_a_file_makes_the_round_trip(strict: FakeMeta) -> None:
    media_id = answer_of(upload(strict, JPEG, "image/jpeg"))["id"]
    found = answer_of(call(strict, "GET", f"v23.0/{media_id}", phone_number_id="111"))
    assert (found["mime_type"], found["file_size"]) == ("image/jpeg", len(JPEG))
    path = found["url"].removeprefix(strict.url)
    download = call(strict, "GET", path)
    assert (download.status, download.body) == (200, JPEG)
    assert download.headers["Content-Type"] == "image/jpeg"


def test_the_address_of_a_file_needs_the_token_and_lives_five_minutes(strict: FakeMeta) -> None:
    media_id = answer_of(upload(strict, JPEG, "image/jpeg"))["id"]
    url = answer_of(call(strict, "GET", f"v23.0/{media_id}"))["url"].removeprefix(strict.url)
    assert call(strict, "GET", url, token="").status == 401
    strict.clock.advance(301)
    assert call(strict, "GET", url).status == 404
    again = answer_of(call(strict, "GET", f"v23.0/{media_id}"))["url"]
    assert call(strict, "GET", again.removeprefix(strict.url)).status == 200


def test_a_file_is_gone_after_thirty_days_and_after_its_deletion(strict: FakeMeta) -> None:
    kept, deleted = (answer_of(upload(strict, JPEG, "image/jpeg"))["id"] for _ in range(2))
    assert answer_of(call(strict, "DELETE", f"v23.0/{deleted}")) == {"success": True}
    assert code_of(send(strict, image(deleted))) == 100
    assert code_of(send(strict, image(kept))) is None
    strict.clock.advance(30 * 86_400 + 1)
    assert code_of(send(strict, image(kept))) == 100


def test_a_file_belongs_to_the_number_that_uploaded_it(strict: FakeMeta) -> None:
    media_id = answer_of(upload(strict, JPEG, "image/jpeg"))["id"]
    assert code_of(send(strict, image(media_id), number="222", token="T2")) == 100
    assert code_of(call(strict, "GET", f"v23.0/{media_id}", token="T2")) == 100
    assert code_of(call(strict, "GET", f"v23.0/{media_id}", phone_number_id="222")) == 100
    error = answer_of(send(strict, image("999")))["error"]
    assert error["message"] == (
        "(#100) Param image['id'] is not a valid whatsapp business account media attachment ID"
    )


@pytest.mark.parametrize(
    ("content", "mime_type", "code"),
    [
        (b"a,b", "text/csv", 100),
        (b"OggS sin opus", "audio/ogg", 100),
        (b"OggS OpusHead", "audio/ogg; codecs=opus", None),
        (b"x" * (5 * 1024 * 1024 + 1), "image/jpeg", 131053),
    ],
)
def test_type_and_size_are_checked(
    strict: FakeMeta, content: bytes, mime_type: str, code: int | None
) -> None:
    assert code_of(upload(strict, content, mime_type)) == code


def test_the_form_needs_product_and_file(strict: FakeMeta) -> None:
    response = call(strict, "POST", "v23.0/111/media", {"messaging_product": "whatsapp"})
    assert answer_of(response)["error"]["message"].endswith("messaging_product is required.")


def test_a_received_file_has_a_base64_digest_and_a_week_to_live(strict: FakeMeta) -> None:
    strict.phone.file("111", CAMILA, JPEG, "image/jpeg", caption="mira")
    value = strict.webhooks[0].body["entry"][0]["changes"][0]["value"]
    received = value["messages"][0]["image"]
    assert (received["caption"], len(received["sha256"])) == ("mira", 44)
    assert call(strict, "GET", received["url"].removeprefix(strict.url)).body == JPEG
    strict.clock.advance(7 * 86_400 + 1)
    assert code_of(call(strict, "GET", f"v23.0/{received['id']}")) == 100
    assert json.dumps(value)  # nothing in it that JSON cannot say
