"""Two web processes, two Celery workers and a scheduler, on one database and one broker."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from tests.crash.door import Door
from tests.crash.line import Line
from tests.meta import FakeMeta
from tests.servers import ROOT, START_SECONDS, Server

WORKER = [sys.executable, "-m", "celery", "-A", "whapco", "worker", "-P", "threads", "-c", "16"]
WORKER += ["--loglevel", "warning"]
SCHEDULER = [sys.executable, "manage.py", "scheduler"]


class Cluster:
    """`line` is Meta's side; it posts to the web processes in turn, as a balancer does."""

    def __init__(
        self, meta: FakeMeta, broker_door: Door, database_door: Door, *,
        broker: str, queue: str, texts: int, env: dict[str, str],
    ) -> None:  # fmt: skip
        self.broker_door, self.database_door = broker_door, database_door
        self._queue, self._broker = queue, broker
        env = {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(database_door.port),
            "CELERY_BROKER_URL": broker,
            "CELERY_QUEUE": queue,
            **env,
        }
        self.web = [Server(meta, **env), Server(meta, **env)]
        self.web[1].database = self.web[1].env["DB_NAME"] = self.web[0].database
        self.line = BalancedLine(meta, self.web, texts)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name in ("worker-1", "worker-2"):
            self.run(name, *WORKER, "--hostname", f"{name}@{self._queue}")
        self.run("scheduler", *SCHEDULER)
        for server in self.web:
            server.launch()
        for server in self.web:
            server.wait_until_it_listens()

    def run(self, name: str, *command: str) -> None:
        """Start it, or start it again."""
        with self.web[0].log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.web[0].env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes.pop(name).wait()

    def terminate(self, name: str) -> int:
        """SIGTERM; its exit status."""
        self.processes[name].terminate()
        return self.processes.pop(name).wait(START_SECONDS)

    def close(self) -> None:
        for name in list(self.processes):
            self.kill(name)
        for server in self.web:
            server.close()
        with suppress(Exception):  # a shared server: leave it as it was found
            forget_queue(self._broker, self._queue)


class BalancedLine(Line):
    """To whichever of the servers is next."""

    def __init__(self, meta: FakeMeta, servers: list[Server], texts: int) -> None:
        super().__init__(meta, servers[0], texts)
        self._next = itertools.cycle(servers)

    def address(self) -> str:
        return next(self._next).url


def forget_queue(broker: str, queue: str) -> None:
    from kombu import Connection, Queue

    with Connection(broker, connect_timeout=3) as connection:
        Queue(queue, exchange=None, channel=connection.channel()).delete()


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
