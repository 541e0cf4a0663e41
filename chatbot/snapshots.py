"""Rulebooks as values: kept as bytes, and compared. Pure."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from chatbot.moves import NOWHERE, Move, Moves, read_move
from chatbot.rule_data import MediaRef, RuleData

FIELDS = tuple(field.name for field in fields(RuleData) if field.name != "id")


@dataclass(frozen=True)
class Changed:
    """One rule that differs: how it was, how it is, in which fields of RuleData."""

    before: RuleData
    after: RuleData
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Rules by id: `new` are only in the second rulebook, `gone` only in the first."""

    new: tuple[RuleData, ...] = ()
    gone: tuple[RuleData, ...] = ()
    changed: tuple[Changed, ...] = ()

    @property
    def size(self) -> int:
        return len(self.new) + len(self.gone) + len(self.changed)


def pack(rules: Iterable[RuleData], moves: Moves = NOWHERE) -> bytes:
    """All rules, compressed: 10,000 of them take about 300 KB. `moves` go with them: where chats
    went whose step they lack."""
    found = {
        "rules": [as_json(rule) for rule in rules],
        "moves": {step: str(move) for step, move in moves.items()},
    }
    return zlib.compress(json.dumps(found, separators=(",", ":")).encode(), level=6)


def unpack(packed: bytes) -> tuple[RuleData, ...]:
    return unpack_all(packed)[0]


def unpack_all(packed: bytes) -> tuple[tuple[RuleData, ...], dict[str, Move]]:
    """The rules and the moves. The first releases hold a bare list of rules."""
    found = json.loads(zlib.decompress(packed))
    rules, moves = (found, {}) if isinstance(found, list) else (found["rules"], found["moves"])
    known = {step: move for step, text in moves.items() if (move := read_move(text))}
    return tuple(from_json(values) for values in rules), known


def as_json(rule: RuleData) -> dict[str, Any]:
    return {**vars(rule), "medias": [dict(vars(media)) for media in rule.medias]}


def from_json(values: dict[str, Any]) -> RuleData:
    """Fields that a later version of whapco no longer knows are left out."""
    known = {name: value for name, value in values.items() if name in (*FIELDS, "id")}
    medias = tuple(MediaRef(**media) for media in known.pop("medias", ()))
    return RuleData(**known, medias=medias)


def difference(old: Iterable[RuleData], new: Iterable[RuleData]) -> Difference:
    before = {rule.id: rule for rule in old}
    after = {rule.id: rule for rule in new}
    both = [(before[pk], rule) for pk, rule in after.items() if pk in before]
    return Difference(
        new=tuple(rule for pk, rule in after.items() if pk not in before),
        gone=tuple(rule for pk, rule in before.items() if pk not in after),
        changed=tuple(Changed(a, b, changed_fields(a, b)) for a, b in both if a != b),
    )


def changed_fields(before: RuleData, after: RuleData) -> tuple[str, ...]:
    return tuple(name for name in FIELDS if getattr(before, name) != getattr(after, name))
