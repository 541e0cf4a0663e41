"""What a thousand companies cost: `.venv/bin/python bench/companies.py --engine mariadb`.

Makes an installation with many companies (`--companies`: 1,000 on MariaDB, 300 on SQLite unless
said otherwise), serves it with uvicorn, and measures over real HTTP: the first request to a
company; requests that go round all companies beside the same ones to a single company, in one
interleaved run; the server's memory, its open databases, what it does while nobody asks anything;
and `migrate_tenants` with nothing to do and with one migration, one and several at a time.

"webhook" is the door's answer alone: from the first byte sent until the message is durable and
200 has arrived. What the bot does afterwards with the message before (decide, store, send to a
Graph that answers at once) competes for the interpreter; so it is measured twice: each
`--pause-ms`, when that is over, and without a rest, when each waits in part for the other company's
bot. What whole trips cost with many companies: `bench/run.py --companies 1000`.

`--made` companies come from `create_tenant`, the others are copies of the first. MariaDB is that
of DB_HOST, DB_USER, DB_PASSWORD (127.0.0.1, root, none). `--keep FOLDER` leaves all for another
run. Part of no `make` target: it takes minutes. Read the ratios, not the absolutes.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import processes
import programs
from visits import PORT, Client, Sampler, open_connections, open_files

DATABASE = "whapco_companies"
USUAL = {"mariadb": 1000, "sqlite": 300}
THREADS = {"WEB_THREADS": "4", "WORKER_THREADS": "4"}


@dataclass
class Installation:
    """`cookies`: of somebody logged in, by company."""

    engine: str
    folder: Path
    environment: dict[str, str]
    create_seconds: list[float] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)


def main() -> None:
    options = _options()
    count = options.companies or USUAL[options.engine]
    installation = _installation(options.engine, options.keep)
    try:
        _prepare(installation, count, options.made)
        _say_times("create_tenant", [1000 * s for s in installation.create_seconds])
        if options.only != "migrating":
            with programs.graph(0, [PORT]), _serving(installation) as process:
                _measure(installation, process.pid, options)
        if options.only != "serving":
            _measure_migrations(installation, options)
    finally:
        if options.keep is None:
            _remove(installation)


def _measure(installation: Installation, pid: int, options: argparse.Namespace) -> None:
    _wait_until_idle(pid)
    _measure_idle(pid, options.idle_seconds)
    print(f"memory at rest {processes.memory_mb(pid):.0f} MB")
    with Sampler(_open_databases(installation, pid)) as sampler:
        _measure_cold(installation)
        for number in range(options.rounds):
            _measure_switching(installation, options, number)
        _flood(installation, options.requests)
    after = processes.memory_mb(pid)
    print(f"memory afterwards {after:.0f} MB; open databases at most {sampler.most}")


def _measure_cold(installation: Installation) -> None:
    """Each company's first requests to this process."""
    client = Client()
    pages = [client.page(cookie) for cookie in installation.cookies]
    _say_times("first page of a company", pages)
    webhooks = [client.webhook(n, f"first.{n}") for n in range(len(installation.cookies))]
    _say_times("first webhook of a company", webhooks)


def _measure_switching(
    installation: Installation, options: argparse.Namespace, number: int
) -> None:
    client = Client()
    count = len(installation.cookies)
    paced = _paced(client.webhook, options.pause_ms / 1000)
    acts: dict[str, Callable[[int, str], float]] = {
        "page": lambda n, _tag: client.page(installation.cookies[n]),
        f"webhook each {options.pause_ms} ms": paced,
        "webhook, no rest": client.webhook,
    }
    for act, do in acts.items():
        one, around = [], []
        for turn in range(options.requests):
            one.append(do(0, f"{number}.{act}.one.{turn}"))
            around.append(do(turn % count, f"{number}.{act}.around.{turn}"))
        _say_times(f"{act}, one company", one)
        _say_times(f"{act}, around {count}", around)
        _compare(one, around)


def _paced(do: Callable[[int, str], float], seconds: float) -> Callable[[int, str], float]:
    """With a rest before, in which the work of the one before ends."""

    def act(company: int, tag: str) -> float:
        time.sleep(seconds)
        return do(company, tag)

    return act


def _flood(installation: Installation, requests: int) -> None:
    """Eight clients at once, over all companies: for the connections."""

    def visit(first: int) -> None:
        client = Client()
        for turn in range(first, requests, 8):
            n = turn % len(installation.cookies)
            client.page(installation.cookies[n])
            client.webhook(n, f"flood.{turn}")

    threads = [threading.Thread(target=visit, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _measure_idle(pid: int, seconds: float) -> None:
    before = processes.cpu_seconds(pid)
    time.sleep(seconds)
    share = (processes.cpu_seconds(pid) - before) / seconds
    print(f"nobody asks anything: {100 * share:.1f} % of a core over {seconds:.0f} s")


def _measure_migrations(installation: Installation, options: argparse.Namespace) -> None:
    _say_command("migrate_tenants, nothing to do", installation, "migrate_tenants")
    for jobs in options.jobs.split(","):
        _script(installation, "set_back_companies.py", str(options.late))
        what = f"migrate_tenants --jobs {jobs}, one migration in {options.late}"
        _say_command(what, installation, "migrate_tenants", "--jobs", jobs)


def _open_databases(installation: Installation, pid: int) -> Callable[[], int]:
    if installation.engine == "sqlite":
        return lambda: open_files(pid)
    cursor = programs.mariadb_connection(installation.environment).cursor()
    return lambda: open_connections(cursor, DATABASE)


def _wait_until_idle(pid: int) -> None:
    """The look at all companies with which a process starts is over."""
    quiet = 0
    while quiet < 3:
        before = processes.cpu_seconds(pid)
        time.sleep(1)
        quiet = quiet + 1 if processes.cpu_seconds(pid) - before < 0.1 else 0


def _installation(engine: str, keep: Path | None) -> Installation:
    folder = keep or Path(tempfile.mkdtemp(prefix="whapco-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    environment = programs.whapco_environment(f"whapco-{engine}", folder)
    environment |= THREADS
    if engine == "mariadb":
        environment["DB_NAME"] = DATABASE
    return Installation(engine, folder, environment)


def _prepare(installation: Installation, count: int, made: int) -> None:
    report = installation.folder / f"{installation.engine}.json"
    if not report.exists():
        _script(installation, "prepare_companies.py", str(count), str(made), str(report))
    found = json.loads(report.read_text())
    installation.create_seconds, installation.cookies = found["create"], found["cookies"]


@contextmanager
def _serving(installation: Installation) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "uvicorn", "whapco.asgi:application", "--port", str(PORT)]
    command += ["--log-level", "warning", "--no-access-log"]
    with processes.running(command, installation.environment, programs.PROJECT, PORT) as process:
        yield process


def _script(installation: Installation, name: str, *arguments: str) -> None:
    command = [sys.executable, str(programs.HERE / name), *arguments]
    subprocess.run(command, env=installation.environment, check=True)


def _say_command(what: str, installation: Installation, *arguments: str) -> None:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=programs.PROJECT,
        env=installation.environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    seconds = time.perf_counter() - began
    print(f"{what}: {seconds:.1f} s in all; {done.stdout.strip().splitlines()[-1]}", flush=True)


def _say_times(what: str, milliseconds: list[float]) -> None:
    print(
        f"{what:36} p50 {_share(milliseconds, 0.5):7.2f} ms"
        f"  p95 {_share(milliseconds, 0.95):7.2f} ms"
        f"  ({len(milliseconds)})",
        flush=True,
    )


def _compare(one: list[float], around: list[float]) -> None:
    parts = [
        f"p{100 * share:.0f} {_share(around, share) - _share(one, share):+.2f} ms"
        f" ({_share(around, share) / _share(one, share):.2f} x)"
        for share in (0.5, 0.95)
    ]
    print("  switching costs " + ", ".join(parts), flush=True)


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _remove(installation: Installation) -> None:
    if installation.engine == "mariadb":
        cursor = programs.mariadb_connection(installation.environment).cursor()
        cursor.execute("SHOW DATABASES LIKE %s", [f"{DATABASE}%"])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP DATABASE `{name}`")
    shutil.rmtree(installation.folder, ignore_errors=True)


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=USUAL, default="sqlite")
    parser.add_argument("--companies", type=int, default=0)
    parser.add_argument("--made", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--pause-ms", type=int, default=50)
    parser.add_argument("--idle-seconds", type=float, default=60)
    parser.add_argument("--only", choices=("serving", "migrating"), help="the rest is for later")
    parser.add_argument("--late", type=int, default=40)
    parser.add_argument("--jobs", default="1,4")
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
