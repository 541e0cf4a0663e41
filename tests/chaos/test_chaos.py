"""A server in every trouble at once. CHAOS_SECONDS and CHAOS_SEED make it another one."""

import os
import sys
import time

import pytest

from tests.chaos import storm as storms
from tests.chaos.audit import Report, audit
from tests.chaos.storm import Storm
from tests.crash.conftest import MakeLine, make_line
from tests.crash.line import UNFINISHED, Line, at_once, people

__all__ = ["make_line"]  # the fixture
SECONDS = float(os.environ.get("CHAOS_SECONDS", "10"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
CONTACTS, TALKERS, TEXTS = 24, 8, 2_000
QUIET_SECONDS = 100


def weather(line: Line) -> Storm:
    """The storm, and then the calm in which everything must come to its end."""
    storm = Storm(line, people(CONTACTS), SEED, kill_every=max(2.5, min(SECONDS / 8, 10)))

    def end() -> None:
        time.sleep(SECONDS)
        storm.over.set()

    line.meta.graph.switches.statuses = True
    line.meta.delay_seconds = 0.02
    line.server.start()
    at_once([*storms.calls(storm, TALKERS), end])
    storms.calm(line.meta)
    settle(storm)
    return storm


def settle(storm: Storm) -> None:
    """All receipts go out first: what is still in doubt then has not arrived."""
    line, deadline = storm.line, time.monotonic() + QUIET_SECONDS
    while True:
        at_once([lambda: storm.report("after")])
        if not (left := line.server.rows(UNFINISHED)) and not line.meta.webhooks:
            return
        assert time.monotonic() < deadline, f"still {left}\n{line.server.log_tail()}"
        storm.resume()
        storm.jump(waits=True, doubts_after=4)
        time.sleep(1)


def test_nothing_is_lost_doubled_or_swapped_in_a_storm(
    make_line: MakeLine, capsys: pytest.CaptureFixture[str]
) -> None:
    storm = weather(make_line(TEXTS))
    found: Report = audit(storm.line, storm.posted)
    with capsys.disabled():
        troubles = dict(sorted(storm.done.items()))
        sys.stdout.write(f"\nchaos: seed {SEED}, {SECONDS:.0f} s: {found}; {troubles}\n")
    assert (found.lost, found.doubled, found.swapped, found.unsettled) == ([], [], [], [])
    assert found.ambiguous <= storm.done["sleep of a minute"] * CONTACTS
    assert found.messages > CONTACTS
    assert storm.done["kill"] > 0
