"""Files and recordings on their way out: chosen, dropped, pasted, recorded, refused, cancelled."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.line import Line
from tests.browser.test_inbox import open_chat


def picture(path: Path, size: tuple[int, int] = (320, 200), colour: str = "teal") -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def kinds_sent(line: Line, wa_id: str) -> list[str]:
    return [str(body["type"]) for body in line.meta.calls if body.get("to") == wa_id]


def wait_for_kinds(desk: Page, line: Line, wa_id: str, kinds: list[str]) -> None:
    for _ in range(100):
        if kinds_sent(line, wa_id) == kinds:
            return
        desk.wait_for_timeout(100)
    assert kinds_sent(line, wa_id) == kinds


def choose(desk: Page, *paths: Path) -> None:
    desk.locator("input[data-files]").set_input_files([str(path) for path in paths])


def test_several_files_go_in_order_each_with_its_words(
    desk: Page, line: Line, tmp_path: Path
) -> None:
    ana = line.client("Ana Archivos")
    ana.says("hola")
    box = open_chat(desk, ana)
    document = tmp_path / "lista.txt"
    document.write_text("precios\n" * 20)
    choose(desk, picture(tmp_path / "azul.png", colour="blue"), document)
    items = desk.locator(".tray__item")
    expect(items).to_have_count(2)
    desk.get_by_label("Texto de lista.txt").fill("Lista de precios")
    desk.get_by_role("button", name="Enviar antes lista.txt").click()
    expect(items.first).to_contain_text("lista.txt")
    box.fill("Te mando todo")
    expect(desk.locator("progress")).to_have_count(0)
    box.press("Enter")
    box.press("Enter")
    expect(items).to_have_count(0)
    wait_for_kinds(desk, line, ana.wa_id, ["document", "image", "text"])
    sent = [body for body in line.meta.calls if body.get("to") == ana.wa_id]
    assert sent[0]["document"]["caption"] == "Lista de precios"
    assert sent[0]["document"]["filename"] == "lista.txt"
    expect(desk.locator(".bubble img")).to_be_visible()


def test_a_pasted_picture_is_shown_before_it_is_sent_and_takes_the_words(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Pega")
    ana.says("hola")
    box = open_chat(desk, ana)
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(content, "PNG")
    desk.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], 'image.png', { type: 'image/png' }));
            const pasted = { clipboardData: data, bubbles: true, cancelable: true };
            const box = document.querySelector('#reply-text');
            box.dispatchEvent(new ClipboardEvent('paste', pasted));
        }""",
        list(content.getvalue()),
    )
    expect(desk.locator(".tray__item img")).to_be_visible()
    box.fill("así quedó")
    box.press("Enter")
    wait_for_kinds(desk, line, ana.wa_id, ["image"])
    (sent,) = [body for body in line.meta.calls if body.get("to") == ana.wa_id]
    assert sent["image"]["caption"] == "así quedó"
    expect(box).to_have_value("")


def test_what_is_dropped_lands_in_the_open_chat(desk: Page, line: Line) -> None:
    ana = line.client("Ana Suelta")
    ana.says("hola")
    open_chat(desk, ana)
    data = desk.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(['hola '.repeat(50)], 'nota.txt', { type: 'text/plain' }));
            return data;
        }"""
    )
    desk.dispatch_event("#chat", "dragenter", {"dataTransfer": data})
    expect(desk.get_by_text("Suelta los archivos")).to_be_visible()
    desk.dispatch_event("#chat", "drop", {"dataTransfer": data})
    expect(desk.get_by_text("Suelta los archivos")).to_be_hidden()
    expect(desk.locator(".tray__item")).to_contain_text("nota.txt")


@pytest.mark.parametrize(
    ("name", "kind", "size", "words"),
    [
        ("foto.heic", "image/heic", 10, "HEIC"),
        ("largo.mp4", "video/mp4", 17_000_000, "hasta 16 MB"),
        ("vacio.pdf", "application/pdf", 0, "está vacío"),
    ],
)
def test_what_meta_refuses_is_told_before_it_is_uploaded(
    desk: Page, line: Line, name: str, kind: str, size: int, words: str
) -> None:
    ana = line.client(f"Ana {name}")
    ana.says("hola")
    open_chat(desk, ana)
    uploads: list[str] = []
    desk.on("request", lambda one: uploads.append(one.url) if "/archivos" in one.url else None)
    desk.locator("input[data-files]").set_input_files(
        [{"name": name, "mimeType": kind, "buffer": b"x" * size}]
    )
    expect(desk.locator(".tray__item")).to_contain_text(words)
    assert uploads == []
    desk.get_by_role("button", name=re.compile("^Quitar")).click()
    expect(desk.locator(".tray__item")).to_have_count(0)


def test_files_stay_with_their_chat_and_an_upload_can_be_cancelled(
    desk: Page, line: Line, tmp_path: Path
) -> None:
    ana, beto = line.client("Ana Bandeja"), line.client("Beto Bandeja")
    ana.says("hola")
    beto.says("buenas")
    open_chat(desk, ana)
    choose(desk, picture(tmp_path / "mia.png"))
    expect(desk.locator(".tray__item")).to_have_count(1)
    desk.get_by_role("link", name="Beto Bandeja").click()
    expect(desk.locator("#chat .head__name")).to_have_text("Beto Bandeja")
    expect(desk.locator(".tray__item")).to_have_count(0)
    desk.get_by_role("link", name="Ana Bandeja").click()
    expect(desk.locator(".tray__item")).to_have_count(1)
    desk.get_by_role("button", name="Quitar mia.png").click()
    expect(desk.locator(".tray__item")).to_have_count(0)
    assert kinds_sent(line, ana.wa_id) == []


def test_a_lost_upload_is_tried_again(desk: Page, line: Line, tmp_path: Path) -> None:
    ana = line.client("Ana Corta")
    ana.says("hola")
    box = open_chat(desk, ana)
    desk.route("**/archivos", lambda route: route.abort())
    choose(desk, picture(tmp_path / "mia.png"))
    expect(desk.locator(".tray__item .field__error")).to_be_visible()
    desk.unroute("**/archivos")
    desk.get_by_role("button", name="Reintentar").click()
    expect(desk.locator(".tray__item .field__error")).to_have_count(0)
    box.press("Enter")
    wait_for_kinds(desk, line, ana.wa_id, ["image"])


def test_a_recording_is_paused_heard_and_sent_as_a_voice_note(desk: Page, line: Line) -> None:
    ana = line.client("Ana Voz")
    ana.says("hola")
    open_chat(desk, ana)
    desk.get_by_role("button", name="Grabar nota de voz").click()
    expect(desk.get_by_role("timer")).to_have_text("0:01")
    desk.get_by_role("button", name="Pausar").click()
    desk.get_by_role("button", name="Seguir grabando").click()
    expect(desk.get_by_role("timer")).to_have_text("0:02")
    desk.get_by_role("button", name="Terminar y escuchar").click()
    expect(desk.locator("[data-rec-listen]")).to_be_visible()
    desk.get_by_role("button", name="Enviar nota de voz").click()
    wait_for_kinds(desk, line, ana.wa_id, ["audio"])
    (sent,) = [body for body in line.meta.calls if body.get("to") == ana.wa_id]
    assert sent["audio"]["voice"] is True
    expect(desk.locator(".bubble wa-player")).to_be_visible()


def test_a_discarded_recording_is_not_sent(desk: Page, line: Line) -> None:
    ana = line.client("Ana Descarta")
    ana.says("hola")
    open_chat(desk, ana)
    desk.get_by_role("button", name="Grabar nota de voz").click()
    expect(desk.get_by_role("timer")).to_have_text("0:01")
    desk.get_by_role("button", name="Descartar la grabación").click()
    expect(desk.get_by_role("timer")).to_be_hidden()
    expect(desk.locator(".tray__item")).to_have_count(0)
    assert kinds_sent(line, ana.wa_id) == []
