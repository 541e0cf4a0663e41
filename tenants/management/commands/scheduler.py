"""manage.py scheduler: the periodic jobs, where Celery workers do the work. A second one waits."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from tenants.scheduler import run_until
from tenants.tasks import hand_over_hints


class Command(BaseCommand):
    help = "Ejecuta los trabajos periódicos hasta que se le detenga (Ctrl+C o SIGTERM)."
    requires_system_checks: list[str] = []  # some ask the database, which may be away for now

    def handle(self, *args: Any, **options: Any) -> None:
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        self.stdout.write(_("Trabajos periódicos en marcha."))
        self.stdout.flush()
        run_until(over, import_string(settings.SCHEDULE))
        hand_over_hints()
