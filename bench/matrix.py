"""`--all`: every setting that was asked of whapco, in one table, and then the goals.

The rounds go round the whole matrix, so that settings are interleaved as programs are. With
`--keep FOLDER` the figures stay in FOLDER/matrix.jsonl beside the databases: `--only` can then
measure it in pieces, and the table is of all that is there. No figure stops anything.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from goals import verdicts
from programs import Cell, Programs
from results import Results
from trips import Trips, measure

WHAPCO = ("whapco-sqlite", "whapco-mariadb")
MAIN = ("whapco-mariadb",)
BESIDE = (*WHAPCO, "pywa-sync", "floor-mariadb")
EVERYBODY = (*BESIDE, "pywa")
SMALL = Cell(messages=1000)


@dataclass(frozen=True)
class Row:
    """One setting and who is measured in it; `once`: in the first round only."""

    label: str
    cell: Cell
    names: tuple[str, ...]
    once: bool = False


def _at_both(label: str, cell: Cell, names: tuple[str, ...]) -> list[Row]:
    return [Row(f"{label}, {ms} ms", replace(cell, graph_ms=ms), names) for ms in (0, 150)]


THOUSAND = replace(SMALL, messages=2000, contacts=1000)
ROWS = [
    Row("100 contacts, 0 ms", Cell(receipts=True), EVERYBODY),
    Row("100 contacts, 150 ms", Cell(graph_ms=150), EVERYBODY),
    *_at_both("32 contacts", replace(SMALL, contacts=32), BESIDE),
    *_at_both("1000 contacts", THOUSAND, BESIDE),
    *_at_both("2 processes", replace(SMALL, processes=2), (*WHAPCO, "pywa-sync")),
    Row("10 companies", replace(THOUSAND, companies=10), MAIN),
    Row("100 companies", replace(THOUSAND, companies=100), MAIN),
    Row("1000 companies", replace(THOUSAND, companies=1000), MAIN),
    Row("history 100,000", replace(SMALL, history=100_000), WHAPCO),
    Row("history 1,000,000", replace(SMALL, history=1_000_000), WHAPCO),
    Row("100,000 messages", Cell(messages=100_000), MAIN, once=True),
]


def run_matrix(
    programs: Programs, names: set[str], rounds: int, only: str, kept: Path | None
) -> None:
    """`only`: rows whose label has this text. Without rounds: prepare their databases, and print
    what is kept."""
    rows = [row for row in ROWS if only in row.label]
    measured = _read(kept)
    for row in rows:
        for name in names.intersection(row.names):
            began = time.perf_counter()
            programs.prepare(name, row.cell)
            if (seconds := time.perf_counter() - began) > 1:
                print(f"{row.label:20} {name:15}prepared in {seconds:.0f} s", flush=True)
    for turn in range(rounds):
        for row in rows[:: 1 if turn % 2 == 0 else -1]:
            if turn and row.once:
                continue
            for name in (name for name in row.names if name in names):
                found = measure(name, programs, row.cell, turn)
                _add(measured, row.label, name, found)
                _keep(kept, row.label, name, found)
    _say(measured)


def _add(measured: dict[str, Results], label: str, name: str, found: dict[str, Trips]) -> None:
    cells = {row.label: row.cell for row in ROWS}
    if label in cells:
        measured.setdefault(label, Results(cells[label])).add(name, found)


def _keep(kept: Path | None, label: str, name: str, found: dict[str, Trips]) -> None:
    for part, trips in found.items():
        print(f"{label:20} {name:15}{part:9}{trips}", flush=True)
    if kept is None:
        return
    parts = {part: asdict(trips) for part, trips in found.items()}
    with kept.open("a") as file:
        file.write(json.dumps([label, name, parts]) + "\n")


def _read(kept: Path | None) -> dict[str, Results]:
    measured: dict[str, Results] = {}
    lines = kept.read_text().splitlines() if kept and kept.exists() else []
    for line in lines:
        label, name, parts = json.loads(line)
        _add(measured, label, name, {part: Trips(**trips) for part, trips in parts.items()})
    return measured


def _say(measured: dict[str, Results]) -> None:
    print("\nCPU: the program's + the database server's, per message. Medians of the rounds.\n")
    for line in _table(measured):
        print(line)
    print("\nGoals (on this machine, in this run):\n")
    for line in verdicts(measured):
        print(f"- {line}")


def _table(measured: dict[str, Results]) -> Iterable[str]:
    yield "| setting | program | trips/s | ack p50, ms | p95 | CPU, ms | memory, MB | |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in ROWS:
        results = measured.get(row.label)
        for name in results.names if results else ():
            for part, label in (("message", row.label), ("receipts", "the same with receipts")):
                if results and (trips := results.median(name, part)):
                    yield f"| {label} | {name} | {_columns(trips)} |"


def _columns(trips: Trips) -> str:
    columns = (
        f"{trips.per_second:.0f}",
        f"{trips.ack_p50:.1f}",
        f"{trips.ack_p95:.1f}",
        f"{trips.cpu_ms:.2f} + {trips.database_ms:.2f}",
        f"{trips.memory_before:.0f} -> {trips.memory_mb:.0f}",
        trips.troubles.strip(),
    )
    return " | ".join(columns)
