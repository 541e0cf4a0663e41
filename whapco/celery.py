"""`celery -A whapco worker`: the work of the background on more processes and machines."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whapco.settings")
django.setup()

from celery import signals  # noqa: E402

from tenants.broker import app as app  # noqa: E402  (where Celery looks for it)
from tenants.tasks import stopping  # noqa: E402
from whapco.startup import start_databases  # noqa: E402


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def _start(**_: object) -> None:
    start_databases()


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**_: object) -> None:
    """What is begun is finished, the rest stays queued."""
    stopping.set()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_logging(**_: object) -> None:
    """Django has set it up; without this Celery would do it again in its own way."""
