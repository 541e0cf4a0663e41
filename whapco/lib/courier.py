"""Hands hints to a server that may be slow or away, in a thread of its own.

Who gives one may hold a company's database thread, or Meta's patience: it never waits. While the
server is away hints are kept, and dropped when there are too many: what they tell of is stored.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)
Hint = TypeVar("Hint")  # hashable: one equal to one that waits is the same
LIMIT = 10_000
PAUSE_SECONDS = 1.0  # after a failure


class Courier(Generic[Hint]):
    """`carry` hands one hint over, and raises when it could not; `name` is the server's."""

    def __init__(self, name: str, carry: Callable[[Hint], object]) -> None:
        self._name, self._carry = name, carry
        self._waiting: OrderedDict[Hint, None] = OrderedDict()
        self._is_carrying = False
        self._is_away = False
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()

    def give(self, hint: Hint) -> None:
        with self._changed:
            if len(self._waiting) < LIMIT:
                self._waiting[hint] = None
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name=f"courier-{self._name}", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait so long for what was given. Whether all of it is handed over."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._is_carrying, seconds
            )

    def _work(self) -> None:
        while True:
            hint = self._take()
            problem = self._try(hint)
            self._put_down(hint, problem)
            if problem is not None:
                time.sleep(PAUSE_SECONDS)

    def _take(self) -> Hint:
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            # An equal one that is given from now on tells of something new.
            self._is_carrying = True
            return self._waiting.popitem(last=False)[0]

    def _try(self, hint: Hint) -> Exception | None:
        try:
            self._carry(hint)
        except Exception as problem:
            return problem
        return None

    def _put_down(self, hint: Hint, problem: Exception | None) -> None:
        """Tells the log once that the server went, and once that it is back."""
        if problem is not None and not self._is_away:
            logger.warning("%s does not answer: hints wait", self._name, exc_info=problem)
        if problem is None and self._is_away:
            logger.warning("%s answers again", self._name)
        self._is_away = problem is not None
        with self._changed:
            if problem is not None:
                self._waiting[hint] = None
            self._is_carrying = False
            self._changed.notify_all()
