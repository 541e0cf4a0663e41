"""manage.py close_idle_sessions [--tenant KEY]"""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from chatbot import services
from chatbot.management.sheet_command import find_company
from tenants import registry
from tenants.management.companies import inside
from tenants.models import Tenant
from tenants.schema import is_behind


class Command(BaseCommand):
    help = "Close the sessions that have been silent for too long: for cron; the server does too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="key of the only company to look at")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["tenant"]
        companies = [find_company(key)] if key else registry.active_tenants()
        failed = [tenant.key for tenant in companies if not self._close(tenant)]
        if failed:
            raise CommandError(_("No respondió la base de: %(keys)s") % {"keys": ", ".join(failed)})

    def _close(self, tenant: Tenant) -> bool:
        """False: its database did not answer, which does not keep the others waiting."""
        if is_behind(tenant):  # it waits for `migrate_tenants`
            return True
        try:
            with inside(tenant):
                closed = services.close_idle_sessions()
        except CommandError as error:
            self.stderr.write(str(error))
            return False
        said = _("%(key)s: %(count)d sesiones cerradas")
        self.stdout.write(said % {"key": tenant.key, "count": closed})
        return True
