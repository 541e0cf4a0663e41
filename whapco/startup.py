"""What a serving process does once: prepare the databases, start the background work."""

import gc
import logging
import threading

from django.conf import settings

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_started = False
DATABASE_THREADS = 8  # companies served at once by the group commit
STOP_SECONDS = 5.0  # for calls to Meta that have left; what is cut off is in doubt until a receipt


def start() -> None:
    """Called when wsgi or asgi is loaded, and by no management command but runserver."""
    global _started
    with _lock:
        if _started:
            return
        _started = True
    from tenants.services import prepare_installation

    if settings.INIT_DB_ON_START:
        prepare_installation()
    if settings.RUN_BACKGROUND and not settings.CELERY_BROKER_URL:
        start_background()


def start_background() -> None:
    """The embedded workers and the scheduler."""
    from tenants.scheduler import start_thread
    from tenants.tasks import workers
    from tenants.together import start_group_commit
    from whapco.schedule import JOBS

    start_group_commit(DATABASE_THREADS)
    workers().warm()
    start_thread(JOBS)
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again


def stop() -> None:
    """Called before a serving process ends: what was begun is finished, the rest stays queued."""
    from tenants.tasks import workers

    if not workers().stop(STOP_SECONDS):
        logger.warning("Some sends were cut off: receipts settle them, or a minute does")
