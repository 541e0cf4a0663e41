"""Complete trips (webhook in -> reply at a fake Graph), whapco beside others, all interleaved.

pywa does the same menu, checks the same signatures and stores nothing; the floor does the least
that keeps whapco's promises; every message of whapco is durable before it is acknowledged. CPU is
the program's + the database server's, per message. Read the ratios, not the absolutes.
"""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from matrix import run_matrix
from programs import NAMES, Cell, Programs
from results import Results
from trips import measure

ALL_HELP = "the whole matrix and the goals, about an hour on two cores; other settings are ignored"


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was made is removed
    programs = Programs(options.pywa_python, options.keep)
    names = options.programs.split(",")
    try:
        if options.all:
            kept = options.keep / "matrix.jsonl" if options.keep else None
            run_matrix(programs, set(names), options.rounds, options.only, kept)
        else:
            run_cell(programs, _cell(options), names, options.rounds)
    finally:
        programs.remove()


def run_cell(programs: Programs, cell: Cell, names: list[str], rounds: int) -> Results:
    """Each program once in every round. No rounds: the databases are only prepared."""
    results = Results(cell)
    for name in names:
        programs.prepare(name, cell)
    for turn in range(rounds):
        for name in names:
            found = measure(name, programs, cell, turn)
            results.add(name, found)
            for part, trips in found.items():
                print(f"round {turn + 1} {name:15}{part:9}{trips}", flush=True)
    if rounds:
        results.say(rounds)
    return results


def _cell(options: argparse.Namespace) -> Cell:
    return Cell(
        messages=options.messages,
        contacts=options.contacts,
        connections=options.connections,
        graph_ms=options.graph_ms,
        processes=options.processes,
        companies=options.companies,
        history=options.history,
        receipts=options.receipts,
        per_second=options.per_second,
    )


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", default=",".join(NAMES))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--contacts", type=int, default=100, help="who write: 32, 100, 1000")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--graph-ms", type=int, default=0, help="Graph answers after: 0, 150")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1, help="of a program")
    parser.add_argument("--companies", type=int, default=1, help="of whapco: 1, 10, 100, 1000")
    parser.add_argument("--history", type=int, default=0, help="messages in whapco before")
    parser.add_argument("--receipts", action="store_true", help="measure Meta's receipts too")
    parser.add_argument("--per-second", type=float, default=0, help="steady pace; 0: flood")
    parser.add_argument("--all", action="store_true", help=ALL_HELP)
    parser.add_argument("--only", default="", help="with --all: rows whose name has this")
    parser.add_argument("--keep", type=Path, help="folder: databases stay for the next run")
    parser.add_argument("--pywa-python", default=sys.executable)
    return parser.parse_args()


if __name__ == "__main__":
    main()
