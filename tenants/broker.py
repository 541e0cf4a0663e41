"""The Celery app (CELERY_BROKER_URL: Redis or RabbitMQ) and its one task, which runs any task.

A message of the broker is only a hint: it may be lost, late or doubled. So none is kept for long,
none has a time of its own (those wait in the process that asked), and nothing is told back.
"""

from typing import Any

from celery import Celery
from django.conf import settings
from django.utils.module_loading import import_string

from tenants.connections import close_old
from tenants.tasks import stopping

PUBLISH_SECONDS = 2  # for the broker to take a hint; a thread of its own waits for it
HINT_SECONDS = 60  # the sweep has given a younger one by then

# Celery's support of Django would close this thread's connections after each task.
app = Celery("whapco", fixups=())
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_timeout=PUBLISH_SECONDS,
    broker_connection_max_retries=None,  # a worker waits for its broker for as long as it takes
    broker_connection_retry_on_startup=True,
    broker_transport_options={"max_retries": 1, "interval_start": 0, "interval_max": 0},
    task_acks_late=True,  # a killed worker's hints go to the others
    task_default_queue=settings.CELERY_QUEUE,
    task_ignore_result=True,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_concurrency=settings.WORKER_THREADS,
    worker_enable_remote_control=False,
    worker_pool="threads",
    worker_prefetch_multiplier=1,  # the other workers are there to help
)


@app.task(name="whapco.run_task")  # type: ignore[untyped-decorator]
def run_task(path: str, *args: object) -> None:
    """A task of the django-tasks API, named by its dotted path."""
    if stopping.is_set():
        return
    close_old()
    import_string(path).call(*args)


def publish(path: str, args: tuple[Any, ...]) -> None:
    """Raises kombu's OperationalError when the broker does not take it."""
    run_task.apply_async(
        args=[path, *args],
        expires=HINT_SECONDS,
        retry=True,  # once, over a new connection: the old one may have been idle for too long
        retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0},
    )
