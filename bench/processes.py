"""Starts programs, waits until they listen, and reads from /proc what they take."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
DATABASES = {"mariadbd", "mysqld"}


@contextmanager
def running(
    command: list[str], environment: dict[str, str], working: Path, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    if listens(port):
        raise SystemExit(f"port {port} is taken: is another benchmark running?")
    process = subprocess.Popen(command, env=environment, cwd=working, start_new_session=True)
    try:
        _wait_until_listening(port, process)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise SystemExit("the program did not start")
        if listens(port):
            return
        time.sleep(0.05)
    raise SystemExit("the program does not listen")


def memory_mb(*pids: int) -> float:
    """Resident memory of the processes and their children."""
    found = []
    for folder, _ in _group(pids):
        found.append(re.search(r"VmRSS:\s+(\d+)", (folder / "status").read_text()))
    return sum(int(match.group(1)) for match in found if match) / 1024


def cpu_seconds(*pids: int) -> float:
    return sum(_cpu(fields) for _, fields in _group(pids))


def database_cpu_seconds() -> float:
    """Of the database servers that run on this machine, whoever uses them."""
    found = 0.0
    for folder, fields in _processes():
        if (folder / "comm").read_text().strip() in DATABASES:
            found += _cpu(fields)
    return found


def machine_cpu_seconds() -> float:
    """Of everything that runs on this machine, its kernel, and what its host takes away."""
    names = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _idle, _waiting, irq, softirq, steal = (int(name) for name in names)
    return (user + nice + system + irq + softirq + steal) * TICK


def wait_until_idle(*pids: int, limit_seconds: float = 60.0) -> None:
    """What was begun is finished: three looks in a row at which nobody worked to speak of."""
    quiet, until = 0, time.time() + limit_seconds
    while quiet < 3 and time.time() < until:
        before = cpu_seconds(*pids)
        time.sleep(0.25)
        quiet = quiet + 1 if cpu_seconds(*pids) - before < 3 * TICK else 0


def _cpu(fields: list[str]) -> float:
    return (int(fields[11]) + int(fields[12])) * TICK


def _group(pids: tuple[int, ...]) -> Iterator[tuple[Path, list[str]]]:
    return (found for found in _processes() if int(found[1][2]) in pids)


def _processes() -> Iterator[tuple[Path, list[str]]]:
    """Folder in /proc, and the fields of `stat` after the name."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield stat.parent, stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has just ended
            continue
