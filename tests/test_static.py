"""Static files: what others wrote is what they published; what we wrote holds together."""

import hashlib
import json
import re
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"
TEMPLATES = STATIC.parent / "templates"


def test_vendored_files_are_the_published_ones() -> None:
    listed = json.loads((STATIC / "vendor" / "vendor.json").read_text(encoding="utf-8"))
    for item in listed:
        content = (STATIC / "vendor" / item["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == item["sha256"], item["name"]
    names = {path.name for path in (STATIC / "vendor").iterdir()} - {"vendor.json"}
    assert names == {item["file"] for item in listed}


def test_both_dark_themes_are_the_same() -> None:
    css = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(
        r':root(?::not\(\[data-theme="light"\]\)|\[data-theme="dark"\]) \{(.+?)\}', css, re.S
    )
    by_system, by_choice = (re.sub(r"\s+", " ", block) for block in blocks)
    assert by_system == by_choice


def test_every_colour_that_is_used_exists() -> None:
    known = set(re.findall(r"(--wa-[\w-]+):", (STATIC / "css" / "tokens.css").read_text("utf-8")))
    for path in (STATIC / "css").glob("*.css"):
        used = set(re.findall(r"var\((--wa-[\w-]+)", path.read_text(encoding="utf-8")))
        assert used <= known, path.name


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = set(re.findall(r'id="([\w-]+)"', (STATIC / "img" / "icons.svg").read_text("utf-8")))
    for path in TEMPLATES.rglob("*.html"):
        used = set(re.findall(r'{% icon "([\w-]+)"', path.read_text(encoding="utf-8")))
        assert used <= drawn, path.name
    python = STATIC.parent / "conversations"
    bubbles = (python / "bubbles.py").read_text(encoding="utf-8")
    assert set(re.findall(r'Card\("([\w-]+)"', bubbles)) <= drawn
    tags = (python / "templatetags" / "inbox.py").read_text(encoding="utf-8")
    assert set(re.findall(r'Tick\("([\w-]+)"', tags)) <= drawn


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    written = TEMPLATES / "isolation" / "report.html"  # a file for a client, never served
    for path in set(TEMPLATES.rglob("*.html")) - {written}:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        assert not re.search(r"<style|\sstyle=|\son\w+=", text), path.name
