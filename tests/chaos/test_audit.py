"""The auditor sees what went wrong."""

from types import SimpleNamespace
from typing import Any, cast

from tests.chaos.audit import INBOUND, Report, audit
from tests.crash.line import Line

ANA = "573001112233"
SAID = ["m1", "m2", "m3"]


class Told(Line):
    """A line that only says what it was told."""

    def __init__(self, stored: list[str], sent: list[str], heard: str, resent: str = "") -> None:
        """`sent` and `heard` are the keys of replies, as rows and at Meta: 1, 2, 3, or x for
        another reply to m3."""
        rows = [(ANA, _reply(n), "delivered", "now" if n in resent else None, n) for n in sent]
        found: dict[bool, list[Any]] = {True: [(ANA, text) for text in stored], False: rows}
        self.server = cast(Any, SimpleNamespace(rows=lambda query: found[query == INBOUND]))
        self._heard = heard

    def accepted(self) -> list[Any]:
        return [
            {"to": ANA, "text": {"body": _reply(n)}, "biz_opaque_callback_data": n}
            for n in self._heard
        ]


def _reply(key: str) -> str:
    return f"r{key.replace('x', '3')}"


def report(stored: list[str] = SAID, sent: str = "123", heard: str = "123", **more: str) -> Report:
    return audit(Told(stored, list(sent), heard, **more), {ANA: SAID})


def problems(found: Report) -> set[str]:
    names = ("lost", "doubled", "swapped", "unsettled")
    return {name for name in names if getattr(found, name)}


def test_all_is_well() -> None:
    assert problems(report()) == set()
    assert report().messages == 3


def test_what_was_not_stored_not_answered_or_never_reached_meta_is_lost() -> None:
    assert problems(report(stored=["m1", "m3"])) == {"lost"}
    assert problems(report(sent="12", heard="12")) == {"lost"}
    assert problems(report(heard="13")) == {"lost"}


def test_what_is_stored_or_sent_twice_is_doubled() -> None:
    assert "doubled" in problems(report(stored=["m1", "m1", "m2", "m3"]))
    assert problems(report(sent="123x", heard="123x")) == {"doubled"}
    assert problems(report(heard="1223")) == {"doubled"}


def test_one_that_was_resent_in_doubt_is_ambiguous_once_and_no_more() -> None:
    found = report(heard="1223", resent="2")
    assert (problems(found), found.ambiguous, found.resent) == (set(), 1, 1)
    assert problems(report(heard="12223", resent="2")) == {"doubled"}


def test_another_order_here_or_at_meta_is_swapped() -> None:
    assert problems(report(stored=["m2", "m1", "m3"])) == {"swapped"}
    assert problems(report(heard="213")) == {"swapped"}
    assert {"swapped", "doubled"} <= problems(report(heard="1232", resent="2"))
