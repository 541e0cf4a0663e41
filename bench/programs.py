"""The programs that are measured: what each needs, and how it is started.

- whapco-sqlite, whapco-mariadb: the product, as `make run` starts it.
- pywa, pywa-sync: pywa on FastAPI, with its async and its blocking client. They store nothing.
- floor-mariadb: the same promises without a framework (floor_app.py), on the same server.

With two processes whapco and pywa listen on two ports, and the connections take turns: as behind
a balancer. `uvicorn --workers 2` shares one port: the kernel then decides which process gets how
many of a few lasting connections, and two rounds would not measure the same. The floor remembers
in its process whose turn it is, and always runs in one.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import load
from processes import running

HERE = Path(__file__).parent
PROJECT = HERE.parent
GRAPH_PORT = 18081
APP_PORTS = (18082, 18083)
DATABASE = "whapco_bench"
PEERS = {"pywa": "pywa_app", "pywa-sync": "pywa_sync_app"}
NAMES = ("whapco-sqlite", "whapco-mariadb", *PEERS, "floor-mariadb")


@dataclass(frozen=True)
class Cell:
    """One setting. `history`: messages stored before; `receipts`: also measured with Meta's three
    receipts after each reply; `per_second`: steady pace, 0 for a flood."""

    messages: int = 2000
    contacts: int = 100
    connections: int = 16
    graph_ms: int = 0
    processes: int = 1
    companies: int = 1
    history: int = 0
    receipts: bool = False
    per_second: float = 0

    @property
    def people(self) -> int:
        """Each writes to one company."""
        return max(self.contacts, self.companies)

    def ports(self, name: str) -> list[int]:
        return [APP_PORTS[0]] if name.startswith("floor") else list(APP_PORTS[: self.processes])


class Programs:
    """Fills each database once, and starts programs on it as often as asked. `keep`: databases
    of before are used again and stay."""

    def __init__(self, pywa_python: str, keep: Path | None) -> None:
        self._pywa_python = pywa_python
        self._keep = keep
        self._folder = keep or Path(tempfile.mkdtemp(prefix="whapco-bench-"))
        self._folder.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        if self._keep:
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        try:
            import MySQLdb
        except ImportError:  # SQLite only: there is nothing to drop
            return
        try:
            drop_databases(DATABASE)
        except MySQLdb.OperationalError:  # there is no server
            return

    def prepare(self, name: str, cell: Cell) -> dict[str, str]:
        """Its environment; its databases are there and filled."""
        if name in PEERS:
            return peer_environment()
        data = f"{name}_{cell.companies}_{cell.history}".replace("-", "_")
        environment = whapco_environment(name, self._folder / data)
        if name.endswith("mariadb"):
            environment["DB_NAME"] = f"{DATABASE}_{data}"
        if name.startswith("floor"):
            environment |= peer_environment()
        done = self._folder / f"{data}.done"
        if not done.exists():
            self._fill(name, environment, cell)
            done.touch()
        return environment

    def _fill(self, name: str, environment: dict[str, str], cell: Cell) -> None:
        if name.endswith("mariadb"):
            drop_databases(environment["DB_NAME"])
        else:
            folder = Path(environment["DB_NAME"]).parent
            shutil.rmtree(folder, ignore_errors=True)  # half made before
            folder.mkdir()
        if name.startswith("floor"):
            with mariadb_connection(environment).cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {environment['DB_NAME']} CHARACTER SET utf8mb4")
            return
        asked = [str(cell.companies), str(cell.history), str(cell.people)]
        command = [sys.executable, str(HERE / "prepare.py"), *asked]
        subprocess.run(command, env=environment, check=True)

    @contextmanager
    def serving(self, name: str, cell: Cell) -> Iterator[list[int]]:
        """The processes' ids."""
        environment = self.prepare(name, cell)
        with ExitStack() as stack:
            pids = []
            for port in cell.ports(name):
                process = running(*self._command(name, port, environment), port)
                pids.append(stack.enter_context(process).pid)
            yield pids

    def _command(
        self, name: str, port: int, environment: dict[str, str]
    ) -> tuple[list[str], dict[str, str], Path]:
        python, application, folder = sys.executable, "whapco.asgi:application", PROJECT
        if name in PEERS:
            python, application, folder = self._pywa_python, f"{PEERS[name]}:app", HERE
        elif name.startswith("floor"):
            application, folder = "floor_app:application", HERE
        command = [python, "-m", "uvicorn", application, "--port", str(port)]
        return [*command, "--log-level", "warning", "--no-access-log"], environment, folder


@contextmanager
def graph(delay_ms: int, app_ports: list[int]) -> Iterator[int]:
    """Its process's id."""
    environment = {**os.environ, "GRAPH_DELAY_MS": str(delay_ms)}
    ports = [str(port) for port in (GRAPH_PORT, *app_ports)]
    command = [sys.executable, "graph.py", *ports]
    with running(command, environment, HERE, GRAPH_PORT) as process:
        yield process.pid


def peer_environment() -> dict[str, str]:
    return {
        **os.environ,
        "BENCH_NUMBER": load.NUMBER,
        "BENCH_SECRET": load.SECRET,
        "BENCH_GRAPH": f"http://127.0.0.1:{GRAPH_PORT}/v23.0",
        "BENCH_GRAPH_PORT": str(GRAPH_PORT),
    }


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
        "OWN_DB_USERS": "0",
        "PYTHONPATH": f"{PROJECT}:{HERE}",
    }
    if name.endswith("mariadb"):
        return {**_server(), **environment, "DB_NAME": DATABASE}
    environment.pop("DB_HOST", None)
    return {**environment, "DB_NAME": str(folder / "bench.sqlite3")}


def _server() -> dict[str, str]:
    return {"DB_HOST": "127.0.0.1", "DB_USER": "root"}


def mariadb_connection(environment: dict[str, str]) -> Any:
    import MySQLdb

    return MySQLdb.connect(
        host=environment["DB_HOST"],
        user=environment["DB_USER"],
        password=environment.get("DB_PASSWORD", ""),
        port=int(environment.get("DB_PORT") or 3306),
        autocommit=True,
    )


def drop_databases(name: str) -> None:
    """This one and those whose name goes on with an underscore."""
    with mariadb_connection({**_server(), **os.environ}).cursor() as cursor:
        cursor.execute("SHOW DATABASES LIKE %s", [name.replace("_", r"\_") + "%"])
        for (found,) in cursor.fetchall():
            if re.fullmatch(rf"{name}(_.*)?", found):
                cursor.execute(f"DROP DATABASE `{found}`")
