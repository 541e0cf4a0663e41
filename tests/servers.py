"""A real server of the product for tests: its own process group, its own database, its own port.

The engine is that of the run: SQLite, or the MariaDB of DB_HOST.
"""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from tests.meta import FakeMeta

ROOT = Path(__file__).resolve().parents[1]
NUMBER, TOKEN, SECRET = "111", "T1", "secreto-acme"  # as tests.meta knows them
START_SECONDS = 60
_KEPT = ("PATH", "HOME", "LANG", "DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD")


def on_mariadb() -> bool:
    return bool(os.environ.get("DB_HOST"))


class Server:
    """`python -m uvicorn whapco.asgi:application` beside a fake Meta. `env` adds or overrides
    variables; `options` are uvicorn's. `close` ends it and drops its database."""

    def __init__(self, meta: FakeMeta, *options: str, **env: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="whapco-server-"))
        self.log = self.folder / "log.txt"
        self.database = (
            f"whapco_test_{uuid.uuid4().hex[:12]}"
            if on_mariadb()
            else str(self.folder / "whapco.sqlite3")
        )
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._options = options
        self.env = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "whapco.settings",
            "WHAPCO_ENV_FILE": os.devnull,
            "SECRET_KEY": "only-for-tests",
            "DB_NAME": self.database,
            "PORT": str(self.port),
            "PHONE_NUMBER_ID": NUMBER,
            "META_TOKEN": TOKEN,
            "META_APP_SECRET": SECRET,
            "GRAPH_API_URL": meta.url,
            "SEND_RATE_PER_NUMBER": "0",
            "SEND_PAIR_BURST": "0",
            **env,
        }

    def start(self) -> None:
        """Return once it listens."""
        self.launch()
        self.wait_until_it_listens()

    def launch(self) -> None:
        """Return at once."""
        command = [sys.executable, "-m", "uvicorn", "whapco.asgi:application"]
        command += ["--port", str(self.port), "--no-access-log", "--log-level", "warning"]
        command += ["--no-proxy-headers"]  # as scripts/run.sh does
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self._options],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_it_listens(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while not listens(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"The server did not start:\n{self.log_tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """SIGTERM, as a deployment does; returns when it has ended."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def kill(self) -> None:
        """SIGKILL to the process and its children, as the kernel does when memory ends."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def workers(self) -> list[int]:
        """The serving processes under `--workers N`."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in _command_line(child)]

    def run(self, script: str) -> str:
        """Run Python with Django set up on this server's database; its standard output."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{script}"],
            cwd=ROOT,
            env=self.env,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a SELECT finds, over a connection of the test's own."""
        return list(mariadb_rows(query, self.database) if on_mariadb() else self._file_rows(query))

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def close(self) -> None:
        self.kill()
        if on_mariadb():
            mariadb_rows(f"DROP DATABASE IF EXISTS {self.database}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file_rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.database, timeout=20)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


def mariadb_rows(query: str, database: str = "") -> list[tuple[Any, ...]]:
    """Run a statement on the MariaDB server of this run."""
    import MySQLdb

    connection = MySQLdb.connect(
        host=os.environ["DB_HOST"],
        port=int(os.environ.get("DB_PORT") or 3306),
        user=os.environ.get("DB_USER") or "root",
        password=os.environ.get("DB_PASSWORD", ""),
        database=database,
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _command_line(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has just ended
        return b""
