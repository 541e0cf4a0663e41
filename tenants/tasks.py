"""Background work: the django-tasks API over this process's threads, or over Celery.

A task is only a hint: the rows are the queue, and a sweep finds what a lost hint left behind.
The company travels as an explicit argument; the task enters its context itself.
"""

import heapq
import itertools
import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskResult, TaskResultStatus

from tenants.connections import close_all
from whapco.lib.courier import Courier

logger = logging.getLogger(__name__)
Call = tuple[Task[Any, Any], tuple[Any, ...]]
# Set when this process is about to end: finish what is begun, begin nothing. The rows stay.
stopping = threading.Event()
_process = uuid.uuid4().hex
_numbers = itertools.count()
_workers: "Workers | None" = None
_workers_lock = threading.Lock()


class ThreadPoolBackend(BaseTaskBackend):
    """Tasks in the threads of this process. A hint equal to one still waiting is dropped."""

    supports_defer = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        call = (task, tuple(args))
        if task.run_after is None:
            workers().submit(call)
        else:
            workers().submit_later((task.run_after - timezone.now()).total_seconds(), call)
        return _receipt(task, call, self.alias)


class Workers:
    """The threads, what waits for them and what waits for its time."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(settings.WORKER_THREADS, thread_name_prefix="task")
        self._waiting: set[tuple[str, tuple[Any, ...]]] = set()
        self._running = 0
        self._changed = threading.Condition()
        self._timer = Timer(self.submit)
        self.submit_later = self._timer.add

    def warm(self) -> None:
        """Start all threads now: begun one by one in the middle of a burst, each start waits for
        the interpreter, and with it the webhook that hints."""
        for _ in range(settings.WORKER_THREADS):
            self.pool.submit(time.sleep, 0.05)

    def submit(self, call: Call) -> None:
        name = (call[0].module_path, call[1])
        with self._changed:
            if name in self._waiting:
                return
            self._waiting.add(name)
        self.pool.submit(self._run, name, call)

    def stop(self, seconds: float) -> bool:
        """Begin no more tasks and wait so long for those that run. Whether all have ended."""
        stopping.set()
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, seconds)

    def _run(self, name: tuple[str, tuple[Any, ...]], call: Call) -> None:
        with self._changed:
            self._waiting.discard(name)
            if stopping.is_set():
                return
            self._running += 1
        task, args = call
        try:
            task.call(*args)
        except Exception:  # the pool's door: the rows stay, the sweep comes back to them
            logger.exception("Task %s%r failed", task.module_path, args)
        finally:
            close_all()  # what all messages need goes through `together`: its threads keep theirs
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


class Timer:
    """Hands calls over after a delay; one thread, started with the first call."""

    def __init__(self, fire: Any) -> None:
        self._fire = fire
        self._heap: list[tuple[float, int, Call]] = []
        self._tie = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, seconds: float, call: Call) -> None:
        with self._changed:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._tie), call))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="timer", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            self._fire(self._next())

    def _next(self) -> Call:
        with self._changed:
            while not self._heap or self._heap[0][0] > time.monotonic():
                due = self._heap[0][0] - time.monotonic() if self._heap else None
                self._changed.wait(due)
            return heapq.heappop(self._heap)[2]


class CeleryBackend(BaseTaskBackend):
    """The same tasks in Celery workers (CELERY_BROKER_URL: Redis or RabbitMQ). What is for later
    waits here: brokers take long waits for a worker that hangs."""

    supports_defer = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        call = (task, tuple(args))
        if task.run_after is None:
            _give(call)
        else:
            _later.add((task.run_after - timezone.now()).total_seconds(), call)
        return _receipt(task, call, self.alias)


def _give(call: Call) -> None:
    _courier.give((call[0].module_path, call[1]))


def _publish(hint: tuple[str, tuple[Any, ...]]) -> None:
    from tenants.broker import publish  # takes Celery along, which most installations do not use

    publish(*hint)


def hand_over_hints(seconds: float = 1.0) -> bool:
    """Before a process ends: what it has told nobody yet. What is not taken, the sweep finds."""
    return _courier.flush(seconds)


_courier = Courier("The broker", _publish)
_later = Timer(_give)


def workers() -> Workers:
    """Those of this process. django-tasks makes a backend for each thread that enqueues."""
    global _workers
    with _workers_lock:
        if _workers is None:
            _workers = Workers()
        return _workers


def forget_workers() -> None:
    """Wait for the threads to end; the next task starts new ones."""
    global _workers
    with _workers_lock:
        ended, _workers = _workers, None
    if ended is not None:
        ended.pool.shutdown(wait=True)


def _receipt(task: Task[Any, Any], call: Call, backend: str) -> TaskResult[Any]:
    return TaskResult(
        task=task,
        id=f"{_process}-{next(_numbers)}",
        status=TaskResultStatus.READY,
        enqueued_at=timezone.now(),
        started_at=None,
        last_attempted_at=None,
        finished_at=None,
        args=list(call[1]),
        kwargs={},
        backend=backend,
        errors=[],
        worker_ids=[],
    )
