"""Files of a chat are seen by who may see the chat, in parts, and never run as a page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from conversations.models import Message
from media_pipeline import services
from media_pipeline.models import MediaFile
from tests import media_files
from tests.journeys.shop import Shop, outside
from tests.journeys.test_agents_door import Desk

MP4 = media_files.video()


@pytest.fixture(autouse=True)
def _own_uploads(tmp_path: Path, settings: Any) -> None:
    settings.UPLOADS_DIR = tmp_path / "uploads"


@pytest.fixture
def desk(shop: Shop) -> Desk:
    shop.rules("menu_principal|iniciar|M")
    shop.says("hola")
    return Desk(shop, "eva", "admin")


def put(shop: Shop, content: bytes, name: str = "", kind: str = "document") -> str:
    """The address of a file in the chat."""
    with shop.inside():
        chat = shop.chat()
        message = Message.objects.filter(direction="in").latest("pk")
        message.media = services.store(content, name=name)
        message.kind = kind
        message.save()
        return f"/chats/{chat.pk}/archivos/{message.pk}"


def get(desk: Desk, address: str, **headers: str) -> Any:
    return outside(desk.client.get, address, headers=headers)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def test_a_file_comes_whole_with_headers_that_let_nothing_run(shop: Shop, desk: Desk) -> None:
    answer = get(desk, put(shop, MP4, "v.mp4", "video"))
    assert body(answer) == MP4
    assert answer["Content-Type"] == "video/mp4"
    assert answer["Content-Length"] == str(len(MP4))
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-1", 0, 2),
        ("bytes=100-", 100, len(MP4)),
        ("bytes=-50", len(MP4) - 50, len(MP4)),
        ("bytes=0-", 0, len(MP4)),
        (f"bytes=5-{10**12}", 5, len(MP4)),
        (f"bytes=-{10**12}", 0, len(MP4)),
        (f"bytes={len(MP4) - 1}-{len(MP4) - 1}", len(MP4) - 1, len(MP4)),
    ],
)
def test_players_get_the_part_they_ask_for(
    shop: Shop, desk: Desk, asked: str, start: int, end: int
) -> None:
    answer = get(desk, put(shop, MP4, kind="video"), Range=asked)
    assert answer.status_code == 206
    assert body(answer) == MP4[start:end]
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{len(MP4)}"
    assert answer["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", [f"bytes={len(MP4)}-", "bytes=9-3", "bytes=-0"])
def test_a_part_that_there_is_not_is_416(shop: Shop, desk: Desk, asked: str) -> None:
    answer = get(desk, put(shop, MP4, kind="video"), Range=asked)
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(MP4)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-9", "bytes=x", "items=0-1", "bytes=-", "bytes=٣-"])
def test_what_is_no_single_range_gets_all(shop: Shop, desk: Desk, asked: str) -> None:
    address = put(shop, MP4, kind="video")
    answer = outside(desk.client.get, address, HTTP_RANGE=asked)
    assert answer.status_code == 200
    assert body(answer) == MP4


def test_what_the_browser_has_is_not_sent_again(shop: Shop, desk: Desk) -> None:
    address = put(shop, MP4, kind="video")
    tag = get(desk, address)["ETag"]
    assert get(desk, address, **{"If-None-Match": tag}).status_code == 304
    assert get(desk, address, **{"If-None-Match": '"otro"'}).status_code == 200
    changed = get(desk, address, **{"Range": "bytes=0-1", "If-Range": '"otro"'})
    assert changed.status_code == 200
    assert len(body(changed)) == len(MP4)
    with shop.inside():
        digest = MediaFile.objects.get().sha256[:12]
    assert "immutable" in get(desk, f"{address}?v={digest}")["Cache-Control"]
    assert get(desk, f"{address}?v=")["Cache-Control"] == "private, no-cache"


def test_head_tells_the_length_and_sends_nothing(shop: Shop, desk: Desk) -> None:
    answer = outside(desk.client.head, put(shop, MP4, kind="video"))
    assert answer["Content-Length"] == str(len(MP4))
    assert body(answer) == b""


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (media_files.html(), "a.html"),
        (media_files.svg(), "a.svg"),
        (media_files.html(), "foto.jpg"),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "a.xhtml"),
        (media_files.gif_and_script(), "a.js"),
        (media_files.jpeg_and_html(), "a.html"),
        (media_files.zip_and_jpeg(), "a.jar"),
        (media_files.pdf() + media_files.html(), "a.html"),
        (b"just text", "a.html"),
        (b"\xfe\xff\0<\0h\0t\0m\0l", "utf16.html"),
    ],
)
def test_no_file_is_ever_a_page(shop: Shop, desk: Desk, content: bytes, name: str) -> None:
    address = put(shop, content, name)
    for suffix in ("", "?descargar", "?miniatura", "?mp3"):
        answer = get(desk, address + suffix)
        if answer.status_code == 404:
            continue
        mime_type = answer["Content-Type"].partition(";")[0]
        assert not any(word in mime_type for word in ("html", "svg", "xml", "script"))
        shown = answer["Content-Disposition"].startswith("inline")
        assert not shown or mime_type.startswith("image/")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Cotización ñandú.pdf", "filename*=utf-8''Cotizaci%C3%B3n%20%C3%B1and%C3%BA.pdf"),
        ('con "comillas".pdf', r'filename="con \"comillas\".pdf"'),
        ("a\r\nSet-Cookie: x=1.pdf", 'filename="aSet-Cookie: x=1.pdf"'),
        ("../../etc/passwd.pdf", 'filename="passwd.pdf"'),
        ("", "filename="),
    ],
)
def test_names_are_safe_in_headers(shop: Shop, desk: Desk, name: str, told: str) -> None:
    answer = get(desk, put(shop, media_files.pdf(), name) + "?descargar")
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert told in answer["Content-Disposition"]


def test_a_thumbnail_and_an_mp3_are_made_when_asked_for(shop: Shop, desk: Desk) -> None:
    thumbnail = get(desk, put(shop, media_files.jpeg(), kind="image") + "?miniatura")
    assert thumbnail["Content-Type"] == "image/jpeg"
    assert body(thumbnail).startswith(b"\xff\xd8")
    mp3 = get(desk, put(shop, media_files.voice_note(), kind="audio") + "?mp3", Range="bytes=0-9")
    assert (mp3.status_code, mp3["Content-Type"]) == (206, "audio/mpeg")
    assert get(desk, put(shop, media_files.pdf()) + "?miniatura").status_code == 404


def test_nginx_sends_it_where_it_stands_in_front(shop: Shop, desk: Desk, settings: Any) -> None:
    settings.X_ACCEL_PREFIX = "/_archivos"
    address = put(shop, MP4, "v.mp4", "video")
    answer = get(desk, address, Range="bytes=0-1")
    with shop.inside():
        path = MediaFile.objects.get().path
    assert answer["X-Accel-Redirect"] == f"/_archivos/acme/{path}"
    assert (answer.status_code, body(answer)) == (200, b"")
    assert answer["Content-Type"] == "video/mp4"
    assert "Content-Length" not in answer or answer["Content-Length"] == "0"


def test_only_who_may_see_the_chat_may_see_its_files(
    shop: Shop, other_shop: Shop, desk: Desk
) -> None:
    address = put(shop, media_files.jpeg(), kind="image")
    with shop.inside():
        shop.chat().roles.set([shop.role("ventas")])
    stranger = Desk(shop, "luis", "asesor")
    seller = Desk(shop, "vera", "ventas")
    foreigner = Desk(other_shop, "ivan", "admin")
    for suffix in ("", "?miniatura", "?descargar"):
        assert get(desk, address + suffix).status_code == 200
        assert get(seller, address + suffix).status_code == 200
        assert get(stranger, address + suffix).status_code == 404
        assert get(foreigner, address + suffix).status_code == 404
        assert outside(Client().get, address + suffix).status_code == 302
    assert stranger.post(f"{address}/descargar").status_code == 404


def test_a_file_belongs_to_its_chat_alone(shop: Shop, desk: Desk) -> None:
    address = put(shop, media_files.jpeg(), kind="image")
    message = address.rpartition("/")[2]
    shop.says("hola", by="573004445566")
    other = shop.chat("573004445566").pk
    assert get(desk, f"/chats/{other}/archivos/{message}").status_code == 404


def test_a_file_that_is_gone_or_not_here_yet_is_404(shop: Shop, desk: Desk) -> None:
    address = put(shop, media_files.jpeg(), kind="image")
    with shop.inside():
        file = MediaFile.objects.get()
        services.path_of(file).unlink()
    for suffix in ("", "?miniatura", "?mp3"):
        assert get(desk, address + suffix).status_code == 404
    with shop.inside():
        MediaFile.objects.update(state="fetching")
    assert get(desk, address).status_code == 404


@pytest.fixture
def bubble(shop: Shop, desk: Desk) -> Iterator[Any]:
    def show(content: bytes, kind: str, name: str = "") -> str:
        address = put(shop, content, name, kind)
        chat = address.partition("/archivos")[0]
        with shop.inside():
            payload = {"type": kind, kind: {"id": "1", "voice": kind == "audio"}}
            Message.objects.filter(pk=int(address.rpartition("/")[2])).update(payload=payload)
        return str(get(desk, f"{chat}/").content.decode())

    return show  # type: ignore[return-value]


def test_an_image_keeps_its_place_before_it_is_loaded(bubble: Any) -> None:
    page = bubble(media_files.jpeg(1600, 800), "image")
    assert 'width="330" height="165" loading="lazy"' in page
    assert 'data-view="image"' in page


def test_a_voice_note_says_how_long_it_is_before_it_is_loaded(bubble: Any) -> None:
    page = bubble(media_files.voice_note(seconds=7), "audio")
    assert 'data-player="voice"' in page
    assert "0:07" in page
    assert "?mp3&amp;v=" in page
    assert 'preload="none"' in page


def test_a_document_says_what_it_is(bubble: Any) -> None:
    page = bubble(media_files.pdf(7), "document", "Cotización.pdf")
    assert "Cotización.pdf" in page
    assert "PDF · 1 KB · 7 páginas" in page


def test_a_photo_that_is_none_is_offered_as_a_document(bubble: Any) -> None:
    assert "file--document" in bubble(media_files.html(), "image", "foto.jpg")
