"""Celery workers and beat, for more than one machine (CELERY_BROKER_URL)."""

import os

from celery import Celery
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whapco.settings")

app = Celery("whapco")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_ignore_result = True
app.conf.task_acks_late = True


@app.task(name="whapco.run_task")  # type: ignore[untyped-decorator]
def run_task(path: str, *args: object) -> None:
    """One task of the django-tasks API, named by its dotted path."""
    import_string(path).call(*args)


@app.task(name="whapco.run_due_jobs")  # type: ignore[untyped-decorator]
def run_due_jobs() -> None:
    """The table of periodic jobs; JobLease keeps each in one process."""
    from tenants.scheduler import run_due
    from whapco.schedule import JOBS

    run_due(JOBS)


app.conf.beat_schedule = {"due": {"task": "whapco.run_due_jobs", "schedule": 5.0}}
