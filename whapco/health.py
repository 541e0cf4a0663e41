"""`/health/live` and `/health/ready`: for whoever restarts this process or sends it requests.

They name what is wrong and never how much, where or whose: anybody may ask them.
"""

import logging
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tenants.models import JobLease, Tenant
from tenants.schema import control_is_current
from whapco.lib.fields import DecryptError

logger = logging.getLogger(__name__)
LEAST_FREE_BYTES = 200 * 1024 * 1024
LATE_SECONDS = 120  # that the scheduler may be behind its shortest job
BACKUP_DAYS = 2
_ASKED_AGAIN_SECONDS = 5.0  # whoever asks in a loop costs no more than this
_last: tuple[float, dict[str, str]] | None = None


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers: nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 while `database`, `schema` or `disk` is not "ok": no request should come here. The others
    are told and change nothing: another process or a person has to act."""
    found = _checks()
    is_ready = all(found[name] == "ok" for name in ("database", "schema", "disk"))
    return JsonResponse({"ready": is_ready, **found}, status=200 if is_ready else 503)


def forget() -> None:
    """Ask again at once."""
    global _last
    _last = None


def _checks() -> dict[str, str]:
    global _last
    now = time.monotonic()
    if _last is None or now - _last[0] > _ASKED_AGAIN_SECONDS:
        _last = (now, {name: _asked(name, check) for name, check in CHECKS.items()})
    return _last[1]


def _asked(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, DecryptError, OSError) as error:
        logger.warning("Health: %s cannot be asked: %s", name, type(error).__name__)
        return "unreachable"


def _database() -> str:
    Tenant.objects.exists()
    return "ok"


def _schema() -> str:
    return "ok" if control_is_current() else "behind"


def _disk() -> str:
    folders = (Path(settings.UPLOADS_DIR), Path(settings.BASE_DIR))
    folder = next(folder for folder in folders if folder.exists())
    return "ok" if shutil.disk_usage(folder).free > LEAST_FREE_BYTES else "full"


def _scheduler() -> str:
    """Late: no process has run the periodic jobs for a while."""
    newest = JobLease.objects.exclude(last_run_at=None).order_by("-last_run_at").first()
    limit = timezone.now() - timedelta(seconds=LATE_SECONDS)
    if newest is None or newest.last_run_at is None:
        return "never"
    return "ok" if newest.last_run_at > limit else "late"


def _backup() -> str:
    """Of companies only: the control database has no row to note it on."""
    companies = Tenant.objects.filter(removed_at=None, active=True)
    if not companies.exists():
        return "ok"
    limit = timezone.now() - timedelta(days=BACKUP_DAYS)
    return "old" if companies.exclude(last_backup_at__gt=limit).exists() else "ok"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "schema": _schema,
    "disk": _disk,
    "scheduler": _scheduler,
    "backup": _backup,
}
