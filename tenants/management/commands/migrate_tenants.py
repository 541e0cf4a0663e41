"""manage.py migrate_tenants: bring every company's database up to the code."""

import random
import time
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tenants import reasons, registry
from tenants.context import CONTROL_ALIAS
from tenants.errors import TenantError
from tenants.locks import installation_lock
from tenants.management.companies import company_named
from tenants.migrating import Outcome, migrate_all
from tenants.models import Tenant
from tenants.reasons import as_tenant_error
from tenants.schema import control_is_current, is_behind
from tenants.services import migrate_tenant

_INTERRUPTED = 130  # what a shell expects after Ctrl-C


class Command(BaseCommand):
    help = (
        "Actualiza las bases de control y de todas las empresas, también las suspendidas. Se puede "
        "repetir, y a la vez en otra máquina: lo ya hecho se salta."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tenant", action="append", default=[], help="Clave de una empresa; se puede repetir."
        )
        parser.add_argument(
            "--jobs", type=int, default=settings.MIGRATE_JOBS, help="Cuántas bases a la vez."
        )
        parser.add_argument(
            "--list", action="store_true", help="Solo dice qué empresas faltan por actualizar."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["jobs"] < 1:
            raise CommandError(_("--jobs es un número de 1 en adelante."))
        if options["list"]:
            self._list(options["tenant"])
            return
        _migrate_control()
        companies, sealed = _wanted(options["tenant"])
        behind = _in_turn([tenant for tenant in companies if is_behind(tenant)])
        self._count = Counter(current=len(companies) - len(behind))
        self._began_at = time.monotonic()
        self._left = len(behind)
        for tenant in companies if options["tenant"] else ():
            if tenant not in behind:
                self._say_current(tenant)
        self._migrate(behind, options["jobs"], sealed)

    def _list(self, keys: list[str]) -> None:
        if not control_is_current():  # nor can its registry be read then
            self.stderr.write(_("La base de control está por actualizar."))
            return
        behind = [tenant for tenant in _wanted(keys)[0] if is_behind(tenant)]
        for tenant in behind:
            self.stdout.write(tenant.key)
        self.stderr.write(_("%(count)d por actualizar.") % {"count": len(behind)})

    def _say_current(self, tenant: Tenant) -> None:
        self.stdout.write(_("%(key)s: al día.") % {"key": tenant.key})

    def _migrate(self, behind: list[Tenant], jobs: int, sealed: list[str]) -> None:
        """`sealed`: the keys of companies that cannot be entered."""
        failed = list(sealed)
        self._count["failed"] += len(sealed)
        for key in sealed:
            self.stderr.write(f"{key}: {reasons.sealed()}")
        try:
            for outcome in migrate_all(behind, jobs):
                failed += [outcome.tenant.key] if outcome.problem else []
                self._report(outcome)
                self._show_progress(len(behind))
        except KeyboardInterrupt:
            self._sum_up()
            raise CommandError(
                _("Interrumpido. Repite la orden para seguir donde quedó."),
                returncode=_INTERRUPTED,
            ) from None
        self._sum_up()
        if failed:
            raise CommandError(_("No se actualizaron: %(keys)s.") % {"keys": ", ".join(failed)})

    def _report(self, outcome: Outcome) -> None:
        key = outcome.tenant.key
        self._left -= 1
        self._clear_progress()
        if outcome.problem:
            self._count["failed"] += 1
            self.stderr.write(f"{key}: {outcome.problem}")
        elif outcome.was_behind:
            self._count["done"] += 1
            self.stdout.write(_("%(key)s: actualizada.") % {"key": key})
        else:  # another process was faster
            self._count["current"] += 1
            self._say_current(outcome.tenant)

    def _show_progress(self, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"{total - self._left}/{total}", ending="")
            self.stdout.flush()

    def _clear_progress(self) -> None:
        if self.stdout.isatty():
            self.stdout.write("\r\x1b[K", ending="")

    def _sum_up(self) -> None:
        self._clear_progress()
        words: dict[str, object] = {
            "left": self._left,
            "seconds": f"{time.monotonic() - self._began_at:.1f}",
        }
        words |= {name: self._count[name] for name in ("done", "current", "failed")}
        self.stdout.write(
            _(
                "%(done)d actualizadas, %(current)d al día, %(failed)d con error, %(left)d sin "
                "empezar, en %(seconds)s s."
            )
            % words
        )


def _migrate_control() -> None:
    """Before the registry is read: its own columns may be new."""
    control = Tenant.single_company()
    try:
        with as_tenant_error(control), installation_lock():
            migrate_tenant(control)
    except TenantError as error:
        raise CommandError(str(error)) from error
    registry.forget()


def _wanted(keys: list[str]) -> tuple[list[Tenant], list[str]]:
    """Those named, else all; and the keys of those whose secrets do not open."""
    if keys:
        return [company_named(key) for key in dict.fromkeys(keys)], []
    rows = Tenant.objects.filter(removed_at=None).order_by("key")
    companies, sealed = registry.readable(rows)
    return [tenant for tenant in companies if tenant.alias != CONTROL_ALIAS], sealed


def _in_turn(behind: list[Tenant]) -> list[Tenant]:
    """The default company first: requests without a company wait for it. The others in any order:
    two runs at once then seldom wait for the same one, and share the work."""
    shuffled = random.sample(behind, len(behind))
    return sorted(shuffled, key=lambda tenant: tenant.key != settings.DEFAULT_TENANT)
