"""Failures on request: what becomes of the next sends, and how Meta misbehaves meanwhile."""

from collections import deque
from dataclasses import dataclass

from whapco.simulator.errors import happens_later

HOLD = "timeout"  # accepted, but the answer comes later than any client waits
DROP = "drop"  # accepted, but the connection closes without an answer
LOST = "lost"  # not accepted, and the connection closes without an answer
BROKEN = "500"  # not accepted: a page of HTML with status 500, no error object
OUTCOMES = (HOLD, DROP, LOST, BROKEN)


@dataclass(frozen=True)
class Outcome:
    """The fate of one send: `error` at once, `later` in a failed status, or one of OUTCOMES."""

    error: int | None = None
    later: int | None = None
    trick: str = ""

    @classmethod
    def parse(cls, what: int | str) -> "Outcome":
        """An error code of Meta's, or one of OUTCOMES. Raises ValueError for anything else."""
        if str(what) in OUTCOMES:
            return cls(trick=str(what))
        code = int(what)
        return cls(later=code) if happens_later(code) else cls(error=code)


@dataclass
class _Planned:
    outcome: Outcome
    times: int
    to: str


class Script:
    """Outcomes in the order they were asked for; each serves `times` sends, to anyone or to one."""

    def __init__(self) -> None:
        self._planned: deque[_Planned] = deque()

    def plan(self, what: int | str, times: int = 1, to: str = "") -> None:
        self._planned.append(_Planned(Outcome.parse(what), times, to))

    def clear(self) -> None:
        self._planned.clear()

    def next(self, peer: str) -> Outcome:
        for planned in self._planned:
            if planned.to in ("", peer):
                planned.times -= 1
                if planned.times <= 0:
                    self._planned.remove(planned)
                return planned.outcome
        return Outcome()

    def pending(self) -> int:
        return sum(planned.times for planned in self._planned)


@dataclass
class Switches:
    """How Meta behaves until told otherwise. `signature` is valid, wrong or missing."""

    delay_seconds: float = 0.0
    hold_seconds: float = 25.0
    statuses: bool = True
    early_statuses: bool = False
    duplicate: bool = False
    reorder: bool = False
    signature: str = "valid"
