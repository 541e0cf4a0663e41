"""Rules and their differences in the words of a shop owner. Pure but for the names of files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, cast

from django.db.models import Field
from django.utils.translation import gettext as _

from chatbot.models import Rule
from chatbot.options import (
    ButtonsOptions,
    Choice,
    FlowOptions,
    ListOptions,
    OptionsError,
    parse_options,
)
from chatbot.rule_data import MediaRef, RuleData
from chatbot.snapshots import FIELDS, Changed, Difference
from media_pipeline.models import MediaFile
from whapco.lib.cells import show_json

_WORDS = re.compile(r"\S+\s*|\s+")
ALIKE = 0.4  # of 1: from here on what two texts share is worth showing
LONG = 3000  # characters: comparing longer texts word by word keeps people waiting
SHOWN = 100  # rules of a kind on a page: reading more takes a person too long
_NEW = RuleData(id=0, step="", trigger="")

Files = Mapping[int, str]  # the names of stored files, by id


@dataclass(frozen=True)
class Part:
    """A piece of a text; `differs` where the other text has something else."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Cell:
    """One field of a rule, in words; `before` and `after` are empty where there is nothing."""

    label: str
    before: str
    after: str

    @cached_property
    def parts(self) -> tuple[list[Part], list[Part]]:
        """Both texts cut where they begin or end to differ, word by word; those that have little
        in common are not cut."""
        words = [_WORDS.findall(text) for text in (self.before, self.after)]
        matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
        if len(self.before) + len(self.after) > 2 * LONG or matcher.ratio() < ALIKE:
            return [Part(self.before, True)], [Part(self.after, True)]
        before, after = [], []
        for tag, a, b, c, d in matcher.get_opcodes():
            before.append(Part("".join(words[0][a:b]), tag != "equal"))
            after.append(Part("".join(words[1][c:d]), tag != "equal"))
        return [part for part in before if part.text], [part for part in after if part.text]


@dataclass(frozen=True)
class RuleWords:
    """A rule and what there is to say of it."""

    rule: RuleData
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class DifferenceWords:
    """Up to SHOWN rules of each kind, and how many there are."""

    new: list[RuleWords]
    gone: list[RuleWords]
    changed: list[RuleWords]
    counts: Mapping[str, int]

    @property
    def is_cut(self) -> bool:
        return max(self.counts.values()) > SHOWN

    @property
    def size(self) -> int:
        return sum(self.counts.values())


def in_words(found: Difference) -> DifferenceWords:
    new, gone, changed = found.new[:SHOWN], found.gone[:SHOWN], found.changed[:SHOWN]
    files = file_names(
        [*new, *gone, *(rule for one in changed for rule in (one.before, one.after))]
    )
    return DifferenceWords(
        new=[new_words(rule, files) for rule in new],
        gone=[gone_words(rule, files) for rule in gone],
        changed=[changed_words(one, files) for one in changed],
        counts={"new": len(found.new), "gone": len(found.gone), "changed": len(found.changed)},
    )


def file_names(rules: Iterable[RuleData]) -> Files:
    """Of the stored files that these rules send. One query, none when they send none."""
    ids = {media.file_id for rule in rules for media in rule.medias if media.file_id}
    return {file.pk: str(file) for file in MediaFile.objects.filter(pk__in=ids)} if ids else {}


def changed_words(change: Changed, files: Files) -> RuleWords:
    cells = (
        Cell(label(name), show(change.before, name, files), show(change.after, name, files))
        for name in change.fields
    )
    return RuleWords(change.after, tuple(cells))


def new_words(rule: RuleData, files: Files) -> RuleWords:
    """Only what somebody filled in."""
    cells = (Cell(label(name), "", show(rule, name, files)) for name in _filled(rule))
    return RuleWords(rule, tuple(cells))


def gone_words(rule: RuleData, files: Files) -> RuleWords:
    cells = (Cell(label(name), show(rule, name, files), "") for name in _filled(rule))
    return RuleWords(rule, tuple(cells))


def label(name: str) -> str:
    """Of a field of RuleData, as the rule's page calls it."""
    if name == "medias":
        return _("archivos")
    return str(cast("Field[Any, Any]", Rule._meta.get_field(name)).verbose_name)


def show(rule: RuleData, name: str, files: Files) -> str:
    """The value of a field. A list has a line for each thing; empty: there is nothing."""
    value = getattr(rule, name)
    match name:
        case "options":
            return options_words(rule.kind, value)
        case "medias":
            return "\n".join(_media_words(media, files) for media in value)
        case "kind":
            return str(dict(Rule.Kind.choices).get(value, value))
        case "match":
            return str(dict(Rule.Match.choices).get(value, value))
        case "hands_over":
            return _("sí") if value else _("no")
    return str(value)


def options_words(kind: str, raw: Any) -> str:
    """Buttons, rows or a form, a line each; what cannot be read is shown as it is."""
    if raw is None:
        return ""
    try:
        options = parse_options(kind, raw)
    except OptionsError:
        return show_json(raw)
    match options:
        case ButtonsOptions():
            lines = _around(options, map(_choice_words, options.choices))
        case ListOptions():
            lines = _around(options, _list_lines(options))
        case FlowOptions():
            lines = _around(options, _flow_lines(options))
        case _:
            return show_json(raw)
    return "\n".join(lines)


def _filled(rule: RuleData) -> Sequence[str]:
    told = ("step", "trigger")  # they are the rule's name
    return [
        name for name in FIELDS if name not in told and getattr(rule, name) != getattr(_NEW, name)
    ]


def _media_words(media: MediaRef, files: Files) -> str:
    if media.url:
        return media.url
    missing = _("un archivo que ya no está")
    return files.get(media.file_id or 0, missing)


def _around(
    options: ButtonsOptions | ListOptions | FlowOptions, lines: Iterable[str]
) -> Iterator[str]:
    if options.header:
        yield _("Título: %(text)s") % {"text": options.header}
    yield from lines
    if options.footer:
        yield _("Pie: %(text)s") % {"text": options.footer}


def _list_lines(options: ListOptions) -> Iterator[str]:
    yield _("Botón: %(text)s") % {"text": options.button}
    for section in options.sections:
        if section.title:
            yield f"— {section.title} —"
        yield from map(_choice_words, section.rows)


def _flow_lines(options: FlowOptions) -> Iterator[str]:
    yield _("Botón: %(text)s") % {"text": options.cta}
    yield _("Formulario: %(name)s") % {"name": options.flow_id or options.flow_name}
    if options.screen:
        yield _("Pantalla: %(name)s") % {"name": options.screen}
    if options.data:
        yield show_json(dict(options.data))


def _choice_words(choice: Choice) -> str:
    """`[Título] descripción → paso (id)`; the id only where it says something else."""
    words = f"[{choice.title}]"
    if choice.description:
        words += f" {choice.description}"
    if choice.step:
        words += f" → {choice.step}"
    return words if choice.id == choice.title else f"{words} ({choice.id})"
