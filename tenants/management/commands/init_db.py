"""manage.py init_db: what a start does to the databases, whatever INIT_DB_ON_START says."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.errors import TenantError
from tenants.services import prepare_installation


class Command(BaseCommand):
    help = "Crea la base de control, sus tablas, la empresa por defecto y los primeros usuarios."
    requires_system_checks: list[str] = []  # some ask the database, which may not exist yet

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            prepare_installation(even_if_switched_off=True)
        except TenantError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("Las bases de datos están listas."))
