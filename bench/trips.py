"""One measurement: a program is started, warmed, flooded with messages, and waited for."""

import http.client
import json
import os
import time
from dataclasses import astuple, dataclass
from typing import Any

import http1
import load
from processes import (
    cpu_seconds,
    database_cpu_seconds,
    machine_cpu_seconds,
    memory_mb,
    wait_until_idle,
)
from programs import GRAPH_PORT, PEERS, Cell, Programs, graph

QUIET_SECONDS = 8.0
RECEIPTS = 3  # of each reply
BUSY_PERCENT = 10  # what others took of the machine: from here on a figure says so


@dataclass
class Trips:
    """CPU in milliseconds per message: of the program, and of the machine's database server."""

    per_second: float
    cpu_ms: float
    database_ms: float
    ack_p50: float
    ack_p95: float
    memory_before: float
    memory_mb: float
    refused: int
    lost: int
    doubled: int
    others_percent: float  # what neither program, database, Graph nor load took of the machine

    def __str__(self) -> str:
        text = (
            f"{self.per_second:6.0f} trips/s"
            f"  CPU {self.cpu_ms:5.2f} + {self.database_ms:4.2f} ms"
            f"  ack p50 {self.ack_p50:5.1f} p95 {self.ack_p95:5.1f} ms"
            f"  {self.memory_before:4.0f} -> {self.memory_mb:4.0f} MB"
        )
        return text + self.troubles

    @property
    def troubles(self) -> str:
        """Empty when there were none."""
        counts = {"refused": self.refused, "LOST": self.lost, "DOUBLED": self.doubled}
        text = "".join(f"  {name} {n}" for name, n in counts.items() if n)
        is_noisy = self.others_percent > BUSY_PERCENT
        return text + f"  NOISY {self.others_percent:.0f} %" * is_noisy


@dataclass
class Cpu:
    """Seconds so far."""

    program: float
    database: float
    harness: float
    machine: float
    clock: float

    @classmethod
    def now(cls, pids: list[int], graph_pid: int) -> "Cpu":
        program, database = cpu_seconds(*pids), database_cpu_seconds()
        harness = cpu_seconds(graph_pid) + sum(os.times()[:2])
        return cls(program, database, harness, machine_cpu_seconds(), time.time())

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))

    @property
    def others_percent(self) -> float:
        others = self.machine - self.program - self.database - self.harness
        return max(0.0, 100 * others / (self.clock * (os.cpu_count() or 1)))


def measure(name: str, programs: Programs, cell: Cell, turn: int) -> dict[str, Trips]:
    """By "message" and, where the cell wants it, "receipts": the same with three receipts after
    each reply, before the other in every second turn. pywa does nothing with receipts."""
    has_receipts = cell.receipts and name not in PEERS
    parts = ["message", "receipts"] if has_receipts else ["message"]
    programs.prepare(name, cell)
    ports = cell.ports(name)
    with graph(cell.graph_ms, ports) as peer, programs.serving(name, cell) as pids:
        wait_until_idle(*pids)
        _send(_requests(max(200, cell.people), cell, f"warm.{turn}"), name, cell)
        _wait_for("count", max(200, cell.people))
        wait_until_idle(*pids)  # new contacts get a welcome too
        ordered = parts if turn % 2 == 0 else parts[::-1]
        return {part: _measure(part, name, cell, (pids, peer), turn) for part in ordered}


def _measure(part: str, name: str, cell: Cell, running: tuple[list[int], int], turn: int) -> Trips:
    pids, has_receipts = running[0], part == "receipts"
    _ask("POST", "/reset?receipts" if has_receipts else "/reset")
    tag = f"{name}.{turn}.{part}"
    requests = _requests(cell.messages, cell, tag)
    memory, before = memory_mb(*pids), Cpu.now(*running)
    acks = _send(requests, name, cell)
    arrived = _wait_for("count", cell.messages)
    if has_receipts:
        _wait_for("receipts", RECEIPTS * arrived)
    seconds = max(0.001, _ask("GET", "/stats")["last"] - acks.started_at)
    wait_until_idle(*pids, limit_seconds=5)
    cpu, stats = Cpu.now(*running).since(before), _ask("GET", "/stats")
    return Trips(
        per_second=arrived / seconds,
        cpu_ms=1000 * cpu.program / cell.messages,
        database_ms=1000 * cpu.database / cell.messages,
        ack_p50=acks.percentile_ms(0.50),
        ack_p95=acks.percentile_ms(0.95),
        memory_before=memory,
        memory_mb=memory_mb(*pids),
        refused=acks.refused + stats["receipts_refused"],
        lost=max(0, cell.messages - stats["count"]),
        doubled=max(0, stats["count"] - cell.messages),
        others_percent=cpu.others_percent,
    )


def _requests(count: int, cell: Cell, tag: str) -> list[bytes]:
    """Signed before the clock runs."""
    began = time.time_ns()
    return [load.request(_webhook(n, cell, f"{began}.{tag}")) for n in range(count)]


def _send(requests: list[bytes], name: str, cell: Cell) -> load.Acks:
    work = load.flood(cell.ports(name), requests, cell.connections, cell.per_second)
    acks: load.Acks = http1.run(work)
    return acks


def _webhook(n: int, cell: Cell, tag: str) -> bytes:
    """Evenly over the people, and so over the companies."""
    person = n % cell.people
    number = load.NUMBER if cell.companies == 1 else load.number_of(person % cell.companies)
    return load.webhook(f"1 {n}", f"57300{person:07d}", f"wamid.{tag}.{n}", number)


def _wait_for(what: str, count: int) -> int:
    """How many arrived: all, or those before QUIET_SECONDS without another."""
    arrived, changed_at = 0, time.time()
    while arrived < count and time.time() - changed_at < QUIET_SECONDS:
        time.sleep(0.05)
        now = int(_ask("GET", "/stats")[what])
        if now != arrived:
            arrived, changed_at = now, time.time()
    return min(arrived, count)


def _ask(method: str, target: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", GRAPH_PORT)
    connection.request(method, target, headers={"Content-Length": "0"})
    with connection.getresponse() as answer:
        return json.load(answer)
