"""Every Spanish text a person can see has an English one, and the compiled catalogue is current."""

import ast
import gettext
import re
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "en" / "LC_MESSAGES"
APPS = ("whapco", "tenants", "media_pipeline", "conversations", "chatbot")
ONE_TEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
WITH_CONTEXT = {"pgettext", "pgettext_lazy"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")


def english() -> gettext.GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def texts_of_call(call: ast.Call) -> list[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in ONE_TEXT:
        wanted = call.args[:1]
    elif name in WITH_CONTEXT:
        wanted = call.args[1:2]
    else:
        return []
    return [str(arg.value) for arg in wanted if isinstance(arg, ast.Constant)]


def texts_of_python(source: str) -> list[str]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [text for call in calls for text in texts_of_call(call)]


def texts_of_template(source: str) -> list[str]:
    """Django rewrites a template as gettext calls for xgettext; those are read here."""
    calls = re.findall(r"gettext\(u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", templatize(source))
    calls += re.findall(r"(?<!\w)_\(('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\)", templatize(source))
    return [ast.literal_eval(text) for text in calls]


def texts_by_file() -> dict[str, list[str]]:
    found = {}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            found[str(path.relative_to(ROOT))] = texts_of_python(path.read_text(encoding="utf-8"))
    for path in (ROOT / "templates").rglob("*.html"):
        found[str(path.relative_to(ROOT))] = texts_of_template(path.read_text(encoding="utf-8"))
    return {name: texts for name, texts in found.items() if texts}


class Entry(NamedTuple):
    """One text of django.po, or its singular and plural."""

    originals: list[str]
    translations: list[str]


def entries() -> dict[str, Entry]:
    """Text (the singular one) -> what django.po has of it."""
    source = (CATALOGUE / "django.po").read_text(encoding="utf-8")
    found: dict[str, Entry] = {}
    for block in source.split("\n\n")[1:]:
        fields: dict[str, str] = {}
        for line in block.splitlines():
            if line.startswith("msg"):
                name, line = line.split(" ", 1)
                fields[name] = ""
            if line.startswith('"'):
                fields[name] += ast.literal_eval(line)
        if "msgid" in fields:
            originals = [v for k, v in fields.items() if k.startswith("msgid")]
            translations = [v for k, v in fields.items() if k.startswith("msgstr")]
            found[fields["msgid"]] = Entry(originals, translations)
    return found


def test_every_text_of_the_product_is_in_the_english_catalogue() -> None:
    known = entries()
    missing = {
        name: [text for text in texts if text not in known]
        for name, texts in texts_by_file().items()
    }
    assert {name: texts for name, texts in missing.items() if texts} == {}


def test_no_text_lacks_its_translation() -> None:
    assert [text for text, entry in entries().items() if not all(entry.translations)] == []


def test_no_translation_is_a_guess() -> None:
    source = (CATALOGUE / "django.po").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^#, .*fuzzy.*\n(?:#.*\n)*msgid .+", source.split("\n\n", 1)[1]) == []


def test_translations_keep_their_placeholders() -> None:
    broken = [
        original
        for entry in entries().values()
        for original, translation in zip(entry.originals, entry.translations, strict=True)
        if {*PLACEHOLDER.findall(original)} != {*PLACEHOLDER.findall(translation)}
    ]
    assert broken == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = english()
    stale = [
        text
        for text, entry in entries().items()
        if len(entry.translations) == 1 and compiled.gettext(text) != entry.translations[0]
    ]
    assert stale == []
