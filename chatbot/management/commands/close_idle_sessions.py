"""manage.py close_idle_sessions [--tenant KEY]"""

from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from chatbot import services
from chatbot.management.sheet_command import find_company
from tenants import registry
from tenants.context import tenant_context


class Command(BaseCommand):
    help = "Close the sessions that have been silent for too long: for cron; the server does too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="key of the only company to look at")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["tenant"]
        for tenant in [find_company(key)] if key else registry.active_tenants():
            with tenant_context(tenant):
                closed = services.close_idle_sessions()
            self.stdout.write(
                _("%(key)s: %(count)d sesiones cerradas") % {"key": tenant.key, "count": closed}
            )
