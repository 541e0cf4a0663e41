"""Pictures, sounds and documents in a thread."""

import io
import re
import subprocess
from typing import Any

import imageio_ffmpeg
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.line import NUMBER, Client, Line
from tests.browser.test_inbox import is_at_end, open_chat

PDF = b"%PDF-1.4\n1 0 obj<</Type/Pages/Kids[]/Count 3>>endobj\ntrailer<<>>\n%%EOF\n"


def picture(colour: str, width: int, height: int) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, "JPEG")
    return written.getvalue()


@pytest.fixture(scope="module")
def note() -> bytes:
    """Four seconds of a tone, as WhatsApp's own notes: Ogg with Opus."""
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=4"]
    opus = ["-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", "24k", "-f", "ogg", "-"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *tone, *opus]
    return subprocess.run(command, check=True, capture_output=True).stdout


def sends(line: Line, client: Client, kind: str, mime: str, content: bytes, **more: Any) -> None:
    """The client sends a file that Meta keeps."""
    kept = line.meta.graph.media.keep(NUMBER, mime, content, filename=more.get("filename", ""))
    words = {"id": kept.media_id, "mime_type": mime, "sha256": "", **more}
    client.says("", type=kind, **{kind: words})


def test_pictures_keep_their_room_and_are_seen_large_one_after_another(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Fotos")
    for colour, width, height in (("red", 800, 600), ("green", 300, 900), ("blue", 640, 640)):
        sends(line, ana, "image", "image/jpeg", picture(colour, width, height))
    ana.says("ahí van")
    open_chat(desk, ana)
    links = desk.locator("[data-view=image]")
    expect(links).to_have_count(3)
    for link, ratio in zip(links.all(), (800 / 600, 300 / 900, 1), strict=True):
        image = link.locator("img")
        room = image.evaluate("e => Number(e.getAttribute('width')) / e.getAttribute('height')")
        assert abs(room - ratio) < 0.02
        box = image.bounding_box()
        assert box
        assert abs(box["width"] / box["height"] - ratio) < 0.05
    links.nth(0).click()
    viewer = desk.get_by_role("dialog", name="Imágenes y videos del chat")
    expect(viewer.get_by_text("1 / 3")).to_be_visible()
    expect(viewer.get_by_role("button", name="Anterior")).to_be_disabled()
    desk.keyboard.press("ArrowRight")
    expect(viewer.get_by_text("2 / 3")).to_be_visible()
    shown = viewer.locator("img.viewer__shown")
    before = shown.bounding_box()
    desk.keyboard.press("+")
    after = shown.bounding_box()
    assert before
    assert after
    assert after["width"] > before["width"] * 1.5
    viewer.get_by_role("button", name="Siguiente").click()
    expect(viewer.get_by_text("3 / 3")).to_be_visible()
    with desk.expect_download() as saved:
        viewer.get_by_role("link", name="Descargar").click()
    with Image.open(saved.value.path()) as kept:
        assert kept.size == (640, 640)
    desk.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(links.nth(2)).to_be_focused()


def test_a_thread_that_ends_in_pictures_stays_at_its_end_while_they_load(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Espacio")
    ana.says(*[f"texto {number}" for number in range(20)])
    for _each in range(3):
        sends(line, ana, "image", "image/jpeg", picture("teal", 700, 900))
    open_chat(desk, ana)
    expect(desk.locator("[data-view=image]")).to_have_count(3)
    expect(desk.locator(".row", has_text=ana.name).locator(".badge")).to_have_count(0)
    desk.route(re.compile("miniatura"), lambda route: route.abort())
    open_chat(desk, ana)
    expect(desk.locator("[data-view=image]")).to_have_count(3)
    assert is_at_end(desk)
    last = desk.locator("[data-view=image] img").last.bounding_box()
    assert last
    assert last["height"] > 300  # although nothing has come


def test_a_note_plays_seeks_and_keeps_its_speed_and_tells_its_length_before_loading(
    desk: Page, line: Line, note: bytes
) -> None:
    ana = line.client("Ana Nota de Voz")
    sends(line, ana, "audio", "audio/ogg; codecs=opus", note, voice=True)
    sends(line, ana, "audio", "audio/ogg; codecs=opus", note, voice=True)
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    open_chat(desk, ana)
    player = desk.locator("wa-player").first
    expect(player.locator("[data-time]")).to_have_text("0:04")
    assert not [url for url in asked if "archivos" in url and "miniatura" not in url]
    kinds = player.locator("source").evaluate_all("all => all.map((e) => e.type)")
    assert kinds == ["audio/ogg; codecs=opus", "audio/mpeg"]  # the second for iOS's Safari
    seeker = player.get_by_role("slider", name="Posición")
    seeker.focus()
    seeker.evaluate("e => { e.value = 500; e.dispatchEvent(new Event('input')); }")
    expect(player.locator("[data-time]")).to_have_text("0:02")
    speed = player.get_by_role("button", name="Velocidad")
    speed.click()
    expect(speed).to_contain_text("1,5×")
    expect(desk.locator("wa-player").last.get_by_text("1,5×")).to_be_visible()
    player.get_by_role("button", name="Escuchar la nota de voz").click()
    expect(player.get_by_role("button", name="Pausa")).to_be_visible()
    desk.wait_for_timeout(1500)
    assert player.locator("audio").evaluate("e => e.currentTime") >= 1.9
    assert player.locator("audio").evaluate("e => e.playbackRate") == 1.5
    desk.locator("wa-player").last.get_by_role("button", name="Escuchar la nota de voz").click()
    expect(player.get_by_role("button", name="Escuchar la nota de voz")).to_be_visible()
    desk.reload()
    expect(desk.locator("wa-player").first.get_by_text("1,5×")).to_be_visible()


def test_a_transcript_folds_below_its_sound_and_says_how_it_stands(
    desk: Page, line: Line, note: bytes
) -> None:
    ana = line.client("Ana Transcrita")
    for _each in range(3):
        sends(line, ana, "audio", "audio/ogg; codecs=opus", note, voice=True)
    open_chat(desk, ana)
    expect(desk.locator("wa-player")).to_have_count(3)
    line.run(
        "from conversations.models import Message\n"
        "from media_pipeline.models import Transcription\n"
        f"his = Message.objects.filter(conversation__contact__wa_id='{ana.wa_id}')\n"
        "notes = his.order_by('pk')\n"
        "Transcription.objects.filter(file__in=[n.media_id for n in notes]).delete()\n"
        "states = [('done', 'quiero dos camisas', ''), ('running', '', '')]\n"
        "states += [('failed', '', 'No se oye')]\n"
        "for one, (status, text, error) in zip(notes, states):\n"
        "    made = dict(status=status, text=text, error=error)\n"
        "    Transcription.objects.create(file_id=one.media_id, **made)"
    )
    desk.reload()
    text = desk.get_by_text("quiero dos camisas")
    expect(text).to_be_visible()
    desk.get_by_text("Transcripción", exact=True).click()
    expect(text).to_be_hidden()
    ana.says("algo nuevo")
    expect(desk.get_by_text("algo nuevo").last).to_be_visible()
    expect(text).to_be_hidden()
    expect(desk.get_by_text(re.compile("Transcribiendo"))).to_be_visible()
    expect(desk.get_by_text("No se oye")).to_be_visible()


def test_a_document_shows_name_size_and_pages_and_is_saved(desk: Page, line: Line) -> None:
    ana = line.client("Ana Documento")
    sends(line, ana, "document", "application/pdf", PDF, filename="Cotización 2026.pdf")
    open_chat(desk, ana)
    card = desk.locator(".file--document")
    expect(card.get_by_text("Cotización 2026.pdf")).to_be_visible()
    expect(card).to_contain_text("PDF · 1 KB · 3 páginas")
    with desk.expect_download() as saved:
        card.click()
    assert saved.value.suggested_filename == "Cotización 2026.pdf"
