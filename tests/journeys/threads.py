"""Things that happen at the same time, or a little later."""

import threading
import time
from collections.abc import Callable

from django.db import connections

from tenants.connections import close_all


def at_once(*calls: Callable[[], object]) -> None:
    """Run them in threads that start together, as Meta's parallel posts do."""
    gate = threading.Barrier(len(calls))
    problems: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            gate.wait()
            call()
        except BaseException as problem:  # a thread's failure is the test's
            problems.append(problem)
        finally:
            close_all()
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []


def until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
