"""What a serving process does once: prepare the databases, start the background work."""

import gc
import logging
import threading

from django.conf import settings

from whapco.lib.logs import guard_access_logs

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

    guard_access_logs()
    if settings.INIT_DB_ON_START:
        prepare_installation()
    if settings.RUN_BACKGROUND:
        start_background()


def start_background() -> None:
    """The embedded workers and the scheduler, unless Celery's workers and `scheduler` are."""
    from tenants.scheduler import start_thread
    from tenants.tasks import workers
    from whapco.schedule import JOBS

    start_databases()
    if not settings.CELERY_BROKER_URL:
        workers().warm()
        start_thread(JOBS)


def start_databases() -> None:
    """Also where Celery works: the two threads of the webhook's door wait for no database, and
    the many of a worker need few connections."""
    from tenants.together import start_group_commit

    start_group_commit(DATABASE_THREADS)
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again


def stop() -> None:
    """Called before a serving process ends: what was begun is finished, the rest stays queued."""
    from tenants.tasks import hand_over_hints, workers

    if settings.CELERY_BROKER_URL:
        hand_over_hints()
    elif not workers().stop(STOP_SECONDS):
        logger.warning("Some sends were cut off: receipts settle them, or a minute does")
