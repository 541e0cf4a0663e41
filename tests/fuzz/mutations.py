"""Strategies: real webhooks of Meta, damaged in ways that nobody has thought of."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

from tests.journeys.test_payloads import PAYLOADS, recent

Json = Any
WEIRD: tuple[Json, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    10**40,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "x",
    "0",
    "\0",
    "\ud83d",
    "a\0b\udc00c",
    "9" * 200,
    "wamid." + "y" * 300,
    "ñ🦤" * 40_000,
    "\u202e\ufeff\u200d",
    "1e999",
    "99999999999999999999",
    "9999999999",
    "null",
    "' OR 1=1 --",
    "%s %(x)s {0}",
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": ""},
    {"\0": "\ud800"},
    {"body": ["x"]},
    {"id": {"id": 5}},
)
NAMES = ("messages", "statuses", "contacts", "errors", "text", "system", "interactive", "id", "")
FIELDS = ("messages", "smb_message_echoes", "history", "user_preferences", "calls", "🦤" * 90)
_HOW = ("drop", "twice", "rename", "move", "replace", "replace", "replace")


@st.composite
def damaged(draw: st.DrawFn) -> Json:
    """A recorded body after one to four accidents, as if it had just happened."""
    body = recent(copy.deepcopy(PAYLOADS[draw(st.sampled_from(sorted(PAYLOADS)))]))
    if draw(st.integers(0, 4)) == 0:
        _rename_field(body, draw(st.sampled_from(FIELDS)))
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(body))
        if places:
            holder, key = places[draw(st.integers(0, len(places) - 1))]
            _damage(draw, body, holder, key)
    return body


@st.composite
def bytes_of_bodies(draw: st.DrawFn) -> bytes:
    """A body on a bad line: cut, with bytes of something else in it, or all of something else."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    raw = json.dumps(PAYLOADS[draw(st.sampled_from(sorted(PAYLOADS)))]).encode()
    start = draw(st.integers(0, len(raw)))
    end = draw(st.integers(start, len(raw)))
    return raw[:start] + draw(st.binary(max_size=8)) + raw[end:]


def _places(value: Json) -> Any:
    """(holder, key) of everything inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def _damage(draw: st.DrawFn, body: Json, holder: Json, key: Any) -> None:
    how, old = draw(st.sampled_from(_HOW)), holder[key]
    if how == "drop":
        del holder[key]
    elif how == "twice" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(old))
    elif how == "rename" and isinstance(holder, dict):
        holder[draw(st.sampled_from(NAMES))] = holder.pop(key)
    elif how == "move":
        places = list(_places(body))
        other, place = places[draw(st.integers(0, len(places) - 1))]
        other[place] = copy.deepcopy(old)
    else:
        holder[key] = draw(st.sampled_from([*_alike(old), *map(copy.deepcopy, WEIRD)]))


def _alike(old: Json) -> list[Json]:
    """The same in other shapes, each a mistake that somebody has made."""
    if isinstance(old, dict | list):
        return [[old], {"value": old}, *(old.values() if isinstance(old, dict) else old)]
    if isinstance(old, str) and old.isascii() and old.isdigit():
        return [int(old), float(old), f"{old}0", f"-{old}", f"+{old}", old * 5]
    return [[old], {"value": old}, *([old * 5, old * 300] if isinstance(old, str) else [])]


def _rename_field(body: Json, name: str) -> None:
    for entry in body["entry"]:
        for change in entry.get("changes", []):
            change["field"] = name
