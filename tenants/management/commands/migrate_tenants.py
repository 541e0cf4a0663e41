"""manage.py migrate_tenants: bring every company's database up to the code."""

import queue
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from tenants import registry
from tenants.connections import close_all
from tenants.context import CONTROL_ALIAS
from tenants.errors import TenantError
from tenants.locks import installation_lock
from tenants.management.companies import company_named
from tenants.models import Tenant
from tenants.services import migrate_tenant

_Outcome = tuple[Tenant, bool, str]  # company, whether something was done, what went wrong


class Command(BaseCommand):
    help = (
        "Actualiza las bases de control y de todas las empresas, también las suspendidas. Se puede "
        "repetir: lo ya hecho se salta."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="Clave de una sola empresa.")
        parser.add_argument("--jobs", type=int, default=4, help="Cuántas bases a la vez.")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = []
        try:
            with installation_lock():
                migrate_tenant(Tenant.single_company())
                registry.forget()
                for tenant, was_behind, problem in _migrate(_wanted(options), options["jobs"]):
                    self._report(tenant, was_behind, problem)
                    failed += [tenant.key] if problem else []
        except (TenantError, DatabaseError) as error:
            raise CommandError(str(error)) from error
        if failed:
            raise CommandError(_("No se actualizaron: %(keys)s.") % {"keys": ", ".join(failed)})

    def _report(self, tenant: Tenant, was_behind: bool, problem: str) -> None:
        if problem:
            self.stderr.write(f"{tenant.key}: {problem}")
        elif was_behind:
            self.stdout.write(_("%(key)s: actualizada.") % {"key": tenant.key})
        else:
            self.stdout.write(_("%(key)s: al día.") % {"key": tenant.key})


def _wanted(options: dict[str, Any]) -> list[Tenant]:
    if options["tenant"]:
        return [company_named(options["tenant"])]
    companies = Tenant.objects.filter(removed_at=None).order_by("key")
    return [tenant for tenant in companies if tenant.alias != CONTROL_ALIAS]


def _migrate(tenants: list[Tenant], jobs: int) -> "list[_Outcome]":
    """One company's failure does not stop the others. Plain threads: each company travels as an
    argument, and `migrate` spends its time waiting for the database."""
    waiting: queue.SimpleQueue[Tenant] = queue.SimpleQueue()
    outcomes: list[_Outcome] = []
    for tenant in tenants:
        waiting.put(tenant)
    threads = [
        threading.Thread(target=_work, args=(waiting, outcomes))
        for _number in range(max(1, min(jobs, len(tenants))))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _work(waiting: "queue.SimpleQueue[Tenant]", outcomes: "list[_Outcome]") -> None:
    try:
        while True:
            tenant = waiting.get_nowait()
            outcomes.append(_migrate_one(tenant))
    except queue.Empty:
        close_all()


def _migrate_one(tenant: Tenant) -> _Outcome:
    try:
        return tenant, migrate_tenant(tenant), ""
    except Exception as error:  # a thread's door: reported by the command, with exit code 1
        return tenant, False, str(error)
