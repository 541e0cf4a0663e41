"""Tasks in tests: run at once, or kept for later when they ask for it."""

from typing import Any

from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskResult

from tenants.tasks import _receipt

later: list[tuple[Task[Any, Any], tuple[Any, ...]]] = []


class InlineBackend(BaseTaskBackend):
    """`later` holds what asked to run at a time: a test runs it with `run_later()`."""

    supports_defer = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        call = (task, tuple(args))
        if task.run_after is not None:
            later.append(call)
        else:
            task.call(*args)
        return _receipt(task, call, self.alias)


def run_later() -> int:
    """Run what waits for a time, as if it had come. Returns how many."""
    calls, later[:] = list(later), []
    for task, args in calls:
        task.call(*args)
    return len(calls)
