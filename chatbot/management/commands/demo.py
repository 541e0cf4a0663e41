"""manage.py demo: load the demo company and print how to enter it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from chatbot.demo import ADMIN_PASSWORD, AGENT_PASSWORD, NotDemo, load_demo
from tenants.errors import TenantError


class Command(BaseCommand):
    help = "Load the demo company (DEMO=1 only). Running it again changes nothing."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            company = load_demo()
        except NotDemo:
            raise CommandError(_("Solo con DEMO=1: sus contraseñas son públicas.")) from None
        except TenantError as error:
            raise CommandError(str(error)) from error
        home = settings.PUBLIC_BASE_URL or f"http://127.0.0.1:{settings.PORT}"
        self.stdout.write(self.style.SUCCESS(f"{company.name} ({company.key})"))
        for name, value in (
            (_("Bandeja"), f"{home}/"),
            (_("Teléfono de prueba"), f"{home}/simulador/"),
            (_("Administración"), f"{home}/admin/"),
            (_("Administrador"), f"admin / {ADMIN_PASSWORD}"),
            (_("Asesora de ventas"), f"asesor / {AGENT_PASSWORD}"),
            (_("Asesor de soporte"), f"soporte / {AGENT_PASSWORD}"),
        ):
            self.stdout.write(f"  {name}: {value}")
