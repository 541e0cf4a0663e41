"""Posts webhooks to the product: signed, retried until it answers 200, in order per lane."""

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from whapco.simulator.script import Switches
from whapco.simulator.webhooks import SIGNATURE_HEADER, Webhook, signature, wire_form

PAUSES_SECONDS = (0.2, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
_TIMEOUT_SECONDS = 10.0


@dataclass
class _Job:
    webhook: Webhook
    due_at: float
    attempts: int = 0


@dataclass
class _Lane:
    jobs: "deque[_Job]" = field(default_factory=deque)
    is_busy: bool = False


class Delivery:
    """`secret_of` gives the app secret for a phone_number_id; `record` gets each attempt as
    (webhook, HTTP status or 0, what came back). Threads start with the first webhook; they are
    daemons: what is undelivered when the process ends is lost."""

    def __init__(
        self,
        url: str,
        secret_of: Callable[[str], str],
        switches: Switches,
        record: Callable[[Webhook, int, str], None],
        *,
        pauses_seconds: tuple[float, ...] = PAUSES_SECONDS,
        shuffle_seconds: float = 1.5,
        threads: int = 8,
    ) -> None:
        self.url = url
        self._secret_of = secret_of
        self._switches = switches
        self._record = record
        self._pauses_seconds = pauses_seconds
        self._shuffle_seconds = shuffle_seconds
        self._threads = threads
        self._started = False
        self._change = threading.Condition()
        self._lanes: dict[str, _Lane] = {}
        self._heads: list[tuple[float, int, str]] = []
        self._order = itertools.count()

    def post(self, webhook: Webhook) -> None:
        """Queue a webhook; twice, or out of order, when the switches say so."""
        copies = 2 if self._switches.duplicate else 1
        with self._change:
            self._start()
            for _ in range(copies):
                order = next(self._order)
                lane, delay = webhook.lane, webhook.delay_seconds
                if self._switches.reorder:
                    lane = f"{lane}/{order}"
                    delay += random.uniform(0, self._shuffle_seconds)  # noqa: S311 - not a secret
                self._queue(lane, _Job(webhook, time.monotonic() + delay), order)
            self._change.notify()

    def clear(self) -> None:
        """Forget what is not delivered yet."""
        with self._change:
            self._heads.clear()
            self._lanes = {name: lane for name, lane in self._lanes.items() if lane.is_busy}
            for lane in self._lanes.values():
                lane.jobs.clear()

    def pending(self) -> int:
        with self._change:
            return sum(len(lane.jobs) + lane.is_busy for lane in self._lanes.values())

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        for index in range(self._threads):
            name = f"simulator-webhooks-{index}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def _queue(self, name: str, job: _Job, order: int) -> None:
        lane = self._lanes.setdefault(name, _Lane())
        lane.jobs.append(job)
        if len(lane.jobs) == 1 and not lane.is_busy:
            heapq.heappush(self._heads, (job.due_at, order, name))

    def _work(self) -> None:
        session = requests.Session()
        while True:
            name, job = self._take()
            is_done = self._attempt(session, job)
            self._give_back(name, job, is_done=is_done)

    def _take(self) -> tuple[str, _Job]:
        """The next job that is due, its lane marked busy."""
        with self._change:
            while True:
                wait = self._heads[0][0] - time.monotonic() if self._heads else None
                if wait is not None and wait <= 0:
                    _, _, name = heapq.heappop(self._heads)
                    lane = self._lanes[name]
                    lane.is_busy = True
                    self._change.notify()  # another thread watches the new first lane meanwhile
                    return name, lane.jobs.popleft()
                self._change.wait(wait)

    def _give_back(self, name: str, job: _Job, *, is_done: bool) -> None:
        with self._change:
            lane = self._lanes[name]
            lane.is_busy = False
            if not is_done and job.attempts <= len(self._pauses_seconds):
                job.due_at = time.monotonic() + self._pauses_seconds[job.attempts - 1]
                lane.jobs.appendleft(job)
            if lane.jobs:
                heapq.heappush(self._heads, (lane.jobs[0].due_at, next(self._order), name))
            else:
                del self._lanes[name]
            self._change.notify()

    def _attempt(self, session: requests.Session, job: _Job) -> bool:
        """Post once; whether the product answered 200. A redirect is a failure, as at Meta."""
        job.attempts += 1
        body = wire_form(job.webhook.body)
        headers = {"Content-Type": "application/json"} | self._signature(job.webhook, body)
        try:
            answer = session.post(
                self.url, body, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            self._record(job.webhook, 0, type(error).__name__)
            return False
        self._record(job.webhook, answer.status_code, answer.text[:500])
        return answer.status_code == 200

    def _signature(self, webhook: Webhook, body: bytes) -> dict[str, str]:
        secret = self._secret_of(webhook.phone_number_id)
        if self._switches.signature == "missing" or not secret:
            return {}
        if self._switches.signature == "wrong":
            secret += "-wrong"
        return {SIGNATURE_HEADER: signature(body, secret)}
