"""Medians of several rounds, and what they say beside each other."""

import statistics
from collections.abc import Iterator

from programs import Cell
from trips import RECEIPTS, Trips

FIELDS = (
    "per_second",
    "cpu_ms",
    "database_ms",
    "ack_p50",
    "ack_p95",
    "memory_before",
    "memory_mb",
    "others_percent",
)
COUNTS = ("refused", "lost", "doubled")


class Results:
    """Of one cell: program -> part ("message", "receipts") -> rounds."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._rounds: dict[str, dict[str, list[Trips]]] = {}

    def add(self, name: str, found: dict[str, Trips]) -> None:
        for part, trips in found.items():
            self._rounds.setdefault(name, {}).setdefault(part, []).append(trips)

    @property
    def names(self) -> list[str]:
        return list(self._rounds)

    def median(self, name: str, part: str = "message") -> Trips | None:
        """Counts are of all rounds together. None: not measured."""
        rounds = self._rounds.get(name, {}).get(part)
        if not rounds:
            return None
        middle = {f: statistics.median(getattr(one, f) for one in rounds) for f in FIELDS}
        counts = {f: sum(getattr(one, f) for one in rounds) for f in COUNTS}
        return Trips(**middle, **counts)  # type: ignore[arg-type]

    def say(self, rounds: int) -> None:
        print(f"\n{describe(self.cell)}; medians of {rounds}:")
        for name in self.names:
            print(f"  {name:15}{self.median(name)}{''.join(self._ratios(name))}")
        for name in self.names:
            if line := self.receipts_line(name):
                print(f"  {line}")

    def _ratios(self, name: str) -> Iterator[str]:
        mine = self.median(name)
        for peer in ("pywa", "pywa-sync", "floor-mariadb"):
            other = self.median(peer)
            if mine and other and peer != name:
                yield f"  {mine.per_second / max(other.per_second, 0.001):.2f} x {peer}"

    def receipts_line(self, name: str) -> str:
        costs = receipts_costs(self, name)
        if costs is None:
            return ""
        of_message, of_receipts, trips, with_receipts = costs
        return (
            f"{name}: {RECEIPTS} receipts {of_receipts:.2f} ms of CPU (their message"
            f" {of_message:.2f}); {with_receipts:.0f} trips/s with them, {trips:.0f} without"
        )


def receipts_costs(results: Results, name: str) -> tuple[float, float, float, float] | None:
    """CPU ms of the message and of its receipts, with the database's; trips/s without and with."""
    alone, both = results.median(name), results.median(name, "receipts")
    if alone is None or both is None:
        return None
    message, whole = (one.cpu_ms + one.database_ms for one in (alone, both))
    return message, whole - message, alone.per_second, both.per_second


def describe(cell: Cell) -> str:
    text = (
        f"{cell.messages} messages of {cell.people} contacts over {cell.connections} connections,"
        f" Graph answers after {cell.graph_ms} ms"
    )
    more = {
        "processes": cell.processes if cell.processes > 1 else 0,
        "companies": cell.companies if cell.companies > 1 else 0,
        "messages stored before": cell.history,
        "per second": cell.per_second,
    }
    return text + "".join(f", {n:g} {what}" for what, n in more.items() if n)
