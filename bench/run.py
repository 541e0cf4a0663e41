"""Complete trips (webhook in -> reply at a fake Graph), whapco beside pywa, in one interleaved run.

pywa (async, on FastAPI) does the same menu, checks the same signatures and stores nothing; every
message of whapco is durable before it is acknowledged. Read the ratios, not the absolutes.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import load

HERE = Path(__file__).parent
PROJECT = HERE.parent
GRAPH_PORT, APP_PORT = 18081, 18082
DATABASE = "whapco_bench"
QUIET_SECONDS = 8.0
PEERS = {"pywa": "pywa_app", "pywa-sync": "pywa_sync_app"}


@dataclass
class Result:
    trips_per_second: float
    cpu_ms: float  # of the program, without its database, per message
    ack_p50: float
    ack_p95: float
    memory_mb: float
    refused: int
    lost: int

    def __str__(self) -> str:
        text = (
            f"{self.trips_per_second:7.0f} trips/s  CPU {self.cpu_ms:4.2f} ms"
            f"  ack p50 {self.ack_p50:6.1f} ms"
            f"  p95 {self.ack_p95:6.1f} ms  {self.memory_mb:5.0f} MB"
        )
        troubles = f"  refused {self.refused}" * bool(self.refused)
        return text + troubles + f"  LOST {self.lost}" * bool(self.lost)


def main() -> None:
    options = _options()
    results: dict[str, list[Result]] = {}
    for round_number in range(options.rounds):
        for name in options.programs.split(","):
            result = measure(name, options, round_number)
            results.setdefault(name, []).append(result)
            print(f"round {round_number + 1} {name:16} {result}", flush=True)
    _print_table(results, options)


def measure(name: str, options: argparse.Namespace, round_number: int) -> Result:
    folder = Path(tempfile.mkdtemp(prefix="whapco-bench-"))
    try:
        with _graph(options.graph_ms), _app(name, folder, options) as process:
            _send(200, options, f"warm{round_number}")
            _wait_until_quiet()
            _call("reset")
            cpu_before = cpu_seconds(process.pid)
            acks = _send(options.messages, options, f"r{round_number}{name}")
            arrived = _wait_for(options.messages)
            seconds = max(0.001, _call("stats")["last"] - acks.started_at)
            return Result(
                arrived / seconds,
                1000 * (cpu_seconds(process.pid) - cpu_before) / options.messages,
                acks.percentile_ms(0.50),
                acks.percentile_ms(0.95),
                memory_mb(process.pid),
                acks.refused,
                options.messages - arrived,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _send(count: int, options: argparse.Namespace, tag: str) -> load.Acks:
    bodies = [
        load.webhook(f"1 {n}", f"57300{n % options.contacts:07d}", f"wamid.{tag}.{n}")
        for n in range(count)
    ]
    pace = options.per_second or None
    return asyncio.run(load.flood(APP_PORT, bodies, options.connections, pace))


@contextmanager
def _graph(delay_ms: int) -> Iterator[None]:
    environment = {**os.environ, "GRAPH_DELAY_MS": str(delay_ms)}
    command = [sys.executable, "-m", "uvicorn", "graph:application", "--port", str(GRAPH_PORT)]
    command += ["--log-level", "warning", "--no-access-log"]
    with running(command, environment, HERE, GRAPH_PORT):
        yield


@contextmanager
def _app(name: str, folder: Path, options: argparse.Namespace) -> Iterator[subprocess.Popen[bytes]]:
    if name.startswith("pywa"):
        environment = {
            **os.environ,
            "BENCH_NUMBER": load.NUMBER,
            "BENCH_SECRET": load.SECRET,
            "BENCH_GRAPH": f"http://127.0.0.1:{GRAPH_PORT}/v23.0",
        }
        command = [options.pywa_python, "-m", "uvicorn", f"{PEERS[name]}:app"]
        working = HERE
    else:
        environment = whapco_environment(name, folder)
        _prepare(name, environment)
        command = [sys.executable, "-m", "uvicorn", "whapco.asgi:application"]
        working = PROJECT
    command += ["--port", str(APP_PORT), "--log-level", "warning", "--no-access-log"]
    if name.endswith("x2"):
        command += ["--workers", "2"]
    with running(command, environment, working, APP_PORT) as process:
        yield process


def whapco_environment(name: str, folder: Path) -> dict[str, str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "whapco.settings",
        "WHAPCO_ENV_FILE": os.devnull,
        "SECRET_KEY": "banco",
        "META_APP_SECRET": load.SECRET,
        "META_TOKEN": "T",
        "PHONE_NUMBER_ID": load.NUMBER,
        "GRAPH_API_URL": f"http://127.0.0.1:{GRAPH_PORT}",
        "SEND_RATE_PER_NUMBER": "0",
        "SEND_PAIR_BURST": "0",
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(PROJECT),
    }
    if name.startswith("whapco-mariadb"):
        defaults = {"DB_HOST": "127.0.0.1", "DB_USER": "root"}
        return {**defaults, **environment, "DB_NAME": DATABASE}
    environment.pop("DB_HOST", None)
    return {**environment, "DB_NAME": str(folder / "bench.sqlite3")}


def _prepare(name: str, environment: dict[str, str]) -> None:
    if name.startswith("whapco-mariadb"):
        _mariadb(environment, f"DROP DATABASE IF EXISTS {DATABASE}")
    subprocess.run([sys.executable, str(HERE / "prepare.py")], env=environment, check=True)


def _mariadb(environment: dict[str, str], statement: str) -> None:
    connection = mariadb_connection(environment)
    connection.cursor().execute(statement)
    connection.close()


def mariadb_connection(environment: dict[str, str]) -> Any:
    import MySQLdb

    return MySQLdb.connect(
        host=environment["DB_HOST"],
        user=environment["DB_USER"],
        password=environment.get("DB_PASSWORD", ""),
        port=int(environment.get("DB_PORT") or 3306),
        autocommit=True,
    )


@contextmanager
def running(
    command: list[str], environment: dict[str, str], working: Path, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    if _listens(port):
        raise SystemExit(f"port {port} is taken: is another benchmark running?")
    process = subprocess.Popen(command, env=environment, cwd=working, start_new_session=True)
    try:
        _wait_until_listening(port, process)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit("the program did not start")
        if _listens(port):
            return
        time.sleep(0.05)
    raise SystemExit("the program does not listen")


def _wait_for(count: int) -> int:
    """How many replies arrived: all, or those before QUIET_SECONDS without another."""
    arrived, changed_at = 0, time.time()
    while arrived < count and time.time() - changed_at < QUIET_SECONDS:
        time.sleep(0.05)
        now = int(_call("stats")["count"])
        if now != arrived:
            arrived, changed_at = now, time.time()
    return arrived


def _wait_until_quiet() -> None:
    """New contacts get a welcome too: the warm-up is over when nothing more arrives."""
    before = -1
    while before != (before := int(_call("stats")["count"])):
        time.sleep(1.0)


def _call(path: str) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{GRAPH_PORT}/{path}") as answer:
        content: dict[str, float] = json.load(answer)
        return content


def _group(pid: int) -> Iterator[tuple[Path, list[str]]]:
    """The process and its children: folder in /proc, and the fields of `stat` after the name."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has just ended
            continue
        if int(fields[2]) == pid:
            yield stat.parent, fields


def memory_mb(pid: int) -> float:
    """Resident memory."""
    found = [
        re.search(r"VmRSS:\s+(\d+)", (folder / "status").read_text()) for folder, _ in _group(pid)
    ]
    return sum(int(match.group(1)) for match in found if match) / 1024


def cpu_seconds(pid: int) -> float:
    ticks = sum(int(fields[11]) + int(fields[12]) for _, fields in _group(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def _print_table(results: dict[str, list[Result]], options: argparse.Namespace) -> None:
    medians = {
        name: statistics.median(result.trips_per_second for result in found)
        for name, found in results.items()
    }
    peer = medians.get("pywa")
    print(
        f"\n{options.messages} messages of {options.contacts} contacts over {options.connections}"
        f" connections, Graph answers after {options.graph_ms} ms, medians of {options.rounds}:"
    )
    for name, trips in medians.items():
        ratio = f"  {trips / peer:5.2f} x pywa" if peer else ""
        p95 = statistics.median(r.ack_p95 for r in results[name])
        memory = statistics.median(r.memory_mb for r in results[name])
        cpu = statistics.median(r.cpu_ms for r in results[name])
        lost = sum(r.lost for r in results[name])
        print(
            f"  {name:16} {trips:7.0f} trips/s{ratio}  CPU {cpu:4.2f} ms"
            f"  ack p95 {p95:6.1f} ms  {memory:5.0f} MB" + f"  lost {lost}" * bool(lost)
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", default="whapco-sqlite,whapco-mariadb,pywa,pywa-sync")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--contacts", type=int, default=100)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--graph-ms", type=int, default=0)
    parser.add_argument("--per-second", type=float, default=0, help="steady pace; 0: flood")
    parser.add_argument("--pywa-python", default=sys.executable)
    return parser.parse_args()


if __name__ == "__main__":
    main()
