"""Group commit: calls that arrive while the database is busy share one round of statements.

A durable commit costs the same for one message and for fifty. Operations are plain functions
over lists, `operation(items) -> results`, run in a few threads that own the connections; so
hundreds of waiting workers need no connection of their own. A company is served by one thread at
a time: what arrives meanwhile makes the next batch bigger (measured: half the CPU per message of
three threads), and a database that hangs holds up one thread, not the other companies.
Without started threads (tests, commands, Celery) a call is just `operation([item])[0]`.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError, connections

from tenants.connections import close_all
from tenants.context import current_tenant, tenant_context
from tenants.models import Tenant

Item = TypeVar("Item")
Result = TypeVar("Result")
Operation = Callable[[list[Any]], list[Any]]
MAX_ITEMS = 64  # a bigger batch makes its first caller wait without saving much

# MySQL: cannot connect (two), server gone, connection lost, shutting down.
_GONE = (2002, 2003, 2006, 2013, 1053)
# MySQL: deadlock, lock wait timeout; and a connection that may have been idle for too long.
_PASSING = (1213, 1205, 2006, 2013)
# MySQL: too many connections, disk full (two), read-only (two).
_UNFIT = (1040, 1021, 1114, 1290, 1836)


class GroupCommit:
    """The threads that run operations, and what waits for them."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[Operation, str], list[tuple[Any, Future[Any], Tenant]]]
        self._waiting = OrderedDict()
        self._served: set[str] = set()  # companies that a thread is busy with
        self._lock = threading.Lock()
        self._idle: dict[int, threading.Condition] = {}  # threads that wait, by number
        self._homes: dict[str, int] = {}  # who served a company last, and has it open
        self._started = False

    def start(self, threads: int) -> None:
        if self._started:
            return
        self._started = True
        for number in range(threads):
            name = f"together-{number}"
            threading.Thread(target=self._work, args=(number,), name=name, daemon=True).start()

    def call(
        self,
        operation: Callable[[list[Item]], list[Result]],
        item: Item,
        *,
        tenant: Tenant | None = None,
        urgent: bool = False,
    ) -> Result:
        """The result of `operation` for `item` in the active company, or in `tenant`; raises
        what it raised. An urgent one goes before all that wait: somebody outside waits for it."""
        return self.submit(operation, item, tenant or current_tenant(), urgent=urgent).result()

    def submit(
        self,
        operation: Callable[[list[Item]], list[Result]],
        item: Item,
        tenant: Tenant,
        *,
        urgent: bool = False,
    ) -> "Future[Result]":
        """As `call`, without waiting. What is done when it is done must be quick: the company's
        thread does it."""
        future: Future[Result] = Future()
        if not self._started or _thread.serves:  # an operation inside another is part of it
            _settle(operation, [(item, future, tenant)])
            return future
        name = (operation, tenant.key)
        with self._lock:
            self._waiting.setdefault(name, []).append((item, future, tenant))
            if urgent:
                self._waiting.move_to_end(name, last=False)
            if tenant.key not in self._served:  # else its thread takes it next
                self._wake(tenant.key)
        return future

    def _work(self, me: int) -> None:
        _thread.serves = True
        ready = threading.Condition(self._lock)
        while True:
            operation, key, calls = self._take(me, ready)
            _settle(operation, calls)
            with self._lock:
                self._served.discard(key)

    def _take(
        self, me: int, ready: threading.Condition
    ) -> tuple[Operation, str, list[tuple[Any, "Future[Any]", Tenant]]]:
        """The operation that waits longest, of a company that no other thread serves."""
        with self._lock:
            while (name := self._next(me)) is None:
                self._idle[me] = ready
                ready.wait()
                self._idle.pop(me, None)
            calls = self._waiting.pop(name)
            if len(calls) > MAX_ITEMS:
                self._waiting[name] = calls[MAX_ITEMS:]
            self._served.add(name[1])
            self._homes[name[1]] = me
            other = self._next(me)
            if other is not None:
                self._wake(other[1])
            return *name, calls[:MAX_ITEMS]

    def _next(self, me: int) -> tuple[Operation, str] | None:
        """What waits longest for this thread, and not for another that has it open and is idle."""
        for name in self._waiting:
            if name[1] not in self._served and self._homes.get(name[1], me) not in self._idle:
                return name
        return None

    def _wake(self, key: str) -> None:
        """Tell the thread that has the company open, if it waits, else any that waits."""
        home = self._homes.get(key)
        thread = home if home in self._idle else next(iter(self._idle), None)
        if thread is not None:
            self._idle.pop(thread).notify()


class _Thread(threading.local):
    serves = False  # whether this is one of the group's own threads


_thread = _Thread()
_group = GroupCommit()
together = _group.call
submit_together = _group.submit
start_group_commit = _group.start


def _settle(operation: Operation, calls: list[tuple[Any, "Future[Any]", Tenant]]) -> None:
    """Never raises: a thread that ended would leave its callers waiting for ever."""
    try:
        with tenant_context(calls[0][2]):
            results = _run(operation, [item for item, _, _ in calls])
        answered = list(zip(calls, results, strict=True))
    except Exception as error:
        _settle_one_by_one(operation, calls, error)
        return
    for (_, future, _), result in answered:
        future.set_result(result)


def _settle_one_by_one(
    operation: Operation, calls: list[tuple[Any, "Future[Any]", Tenant]], error: Exception
) -> None:
    """One bad item must not fail its neighbours. A database that is gone fails them all: to ask
    it again for each would keep the threads from other companies."""
    if len(calls) == 1 or _is_gone(error):
        for _, future, _ in calls:
            future.set_exception(error)
        return
    for call in calls:
        _settle(operation, [call])


def _run(operation: Callable[[list[Item]], list[Result]], items: list[Item]) -> list[Result]:
    """Once more on a fresh connection after a passing fault; operations are safe to repeat
    because each is one transaction, or statements that change nothing the second time."""
    try:
        return operation(items)
    except (OperationalError, InterfaceError, IntegrityError) as error:
        if not _is_passing(error) or connections[current_tenant().alias].in_atomic_block:
            raise
        if not isinstance(error, IntegrityError):
            close_all()
        return operation(items)


def _is_passing(error: Exception) -> bool:
    """Also IntegrityError: two that make the same contact at once; the second now finds it."""
    return isinstance(error, InterfaceError | IntegrityError) or error.args[:1] in {
        (code,) for code in _PASSING
    }


def _is_gone(error: Exception) -> bool:
    return isinstance(error, OperationalError) and error.args[:1] in {(code,) for code in _GONE}


def is_databases_trouble(error: Exception) -> bool:
    """Whether the same may work later: the database was busy, full or away. SQLite says so
    in words, and for nothing that depends on the values; MySQL's other codes are about these."""
    if not isinstance(error, OperationalError):
        return isinstance(error, InterfaceError)
    code = error.args[0] if error.args else ""
    return isinstance(code, str) or code in (*_GONE, *_PASSING, *_UNFIT)
