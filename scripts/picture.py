"""Makes docs/img/whapco.png: the phone and the inbox of a running demo, side by side.

Usage: .venv/bin/python scripts/picture.py http://127.0.0.1:8000   (needs Chromium and Pillow)
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

TARGET = Path(__file__).resolve().parent.parent / "docs" / "img" / "whapco.png"
CHROMIUM = "/usr/bin/chromium"
HEIGHT, GAP = 860, 24


def main(base_url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(locale="es", timezone_id="America/Bogota")
        phone = context.new_page()
        phone.set_viewport_size({"width": 460, "height": HEIGHT})
        phone.goto(f"{base_url}/simulador/")
        for text in ("hola", "cotizar"):
            _write(phone, text)
        inbox = context.new_page()
        inbox.set_viewport_size({"width": 1280, "height": HEIGHT})
        _enter(inbox, base_url)
        pictures = [phone.screenshot(), inbox.screenshot()]
        browser.close()
    _side_by_side([Image.open(io.BytesIO(picture)) for picture in pictures])


def _write(phone: Page, text: str) -> None:
    phone.locator("textarea, input[type=text]").last.fill(text)
    phone.keyboard.press("Enter")
    phone.wait_for_timeout(4000)


def _enter(inbox: Page, base_url: str) -> None:
    inbox.goto(f"{base_url}/login")
    inbox.fill("input[name=username]", "admin")
    inbox.fill("input[name=password]", "Admin1234")
    inbox.click("button[type=submit]")
    inbox.locator("a[href*='/chats/']").first.click()
    inbox.wait_for_timeout(1500)


def _side_by_side(pictures: list[Image.Image]) -> None:
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) + 1)
    board = Image.new("RGB", (width, HEIGHT + 2 * GAP), "#dfe5e7")
    left = GAP
    for picture in pictures:
        board.paste(picture, (left, GAP))
        left += picture.width + GAP
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    board.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(TARGET, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
