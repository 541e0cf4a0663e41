"""Asks a server as Meta and as an agent do, and watches what it has open."""

import http.client
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import load

PORT = 18084


class Client:
    """One keep-alive connection. Times in milliseconds."""

    def __init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", PORT)
        self._run = time.time_ns()  # a message known from a run before would cost nothing

    def page(self, cookie: str) -> float:
        return self._ask("GET", "/", headers={"Cookie": f"whapco_session={cookie}"})

    def webhook(self, company: int, tag: str) -> float:
        number = load.number_of(company)
        body = load.webhook("hola", f"57300{company:07d}", f"wamid.{self._run}.{tag}", number)
        headers = {
            "X-Hub-Signature-256": f"sha256={load.signature(body)}",
            "Content-Type": "application/json",
        }
        return self._ask("POST", "/webhook", body, headers)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> float:
        began = time.perf_counter()
        self._connection.request(method, path, body, headers or {})
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status}")
        return 1000 * (time.perf_counter() - began)


class Sampler:
    """How many databases the server has open, at most: connections, or files on SQLite."""

    def __init__(self, count: Callable[[], int]) -> None:
        self.most = 0
        self._count = count
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._over.wait(0.1):
            self.most = max(self.most, self._count())


def open_files(pid: int) -> int:
    """SQLite databases that the process has open."""
    folder = Path(f"/proc/{pid}/fd")
    return sum(_file_of(fd).endswith(".sqlite3") for fd in folder.iterdir())


def open_connections(cursor: Any, name: str) -> int:
    """At the server, to databases whose name begins so."""
    cursor.execute(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db LIKE %s", [f"{name}%"]
    )
    return int(cursor.fetchone()[0])


def _file_of(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)
    except OSError:  # it has just been closed
        return ""
