"""manage.py isolation_report [--output FILE.html]: do the walls between companies hold?"""

import logging
import signal
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.errors import TenantError
from whapco.isolation.addresses import UnknownArgument
from whapco.isolation.native import walk_native
from whapco.isolation.planting import CannotPlant
from whapco.isolation.report import Report, page, report_of
from whapco.isolation.scratch import scratch_world
from whapco.isolation.walk import Walk

_SHOWN_FINDINGS = 20


class Command(BaseCommand):
    help = (
        "Crea dos empresas de prueba en bases de datos propias, pide con las sesiones de una todo "
        "lo de la otra, en todas las direcciones, y borra las bases. Las empresas reales no se "
        "tocan. Termina con 1 si algo se filtró."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--output",
            type=Path,
            default=settings.DATA_DIR / "aislamiento.html",
            help="archivo .html donde escribir el informe; si no, data/aislamiento.html",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        settings.DATA_DIR.mkdir(exist_ok=True)
        if not output.resolve().parent.is_dir():
            raise CommandError(
                _("No existe la carpeta '%(folder)s'.") % {"folder": output.resolve().parent}
            )
        report = _walked()
        output.write_text(page(report), encoding="utf-8")
        self.stdout.write(_("Informe escrito en %(file)s") % {"file": output})
        self._tell(report)

    def _tell(self, report: Report) -> None:
        self.stdout.write(
            _("%(requests)d peticiones a %(addresses)d direcciones en %(seconds)d s (%(engine)s).")
            % {
                "requests": report.requests,
                "addresses": len(report.lines),
                "seconds": report.seconds,
                "engine": report.engine,
            }
        )
        for finding in report.findings[:_SHOWN_FINDINGS]:
            self.stderr.write(str(finding))
        if report.has_holes:
            raise CommandError(
                _("El aislamiento falló en %(count)d peticiones.") % {"count": len(report.findings)}
            )
        self.stdout.write(
            self.style.SUCCESS(_("Ninguna mostró ni cambió nada de la otra empresa."))
        )


def _walked() -> Report:
    """Quietly: thousands of refusals would fill the log."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the databases are removed
    tried_at = timezone.now()
    logging.disable(logging.CRITICAL)
    try:
        with scratch_world() as world:
            walk = Walk(world)
            walk.run()
            walk_native(walk)
            return report_of(walk, tried_at=tried_at)
    except (TenantError, DatabaseError, UnknownArgument, CannotPlant) as error:
        raise CommandError(str(error)) from error
    finally:
        logging.disable(logging.NOTSET)
