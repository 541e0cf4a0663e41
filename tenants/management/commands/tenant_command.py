"""manage.py tenant_command <tenant_key> <command …>: any command inside a company."""

import argparse
from typing import Any

from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tenants.management.companies import company_named, inside


class Command(BaseCommand):
    help = "Ejecuta otro comando dentro de una empresa: tenant_command acme dumpdata chatbot"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant_key")
        parser.add_argument("command_name")
        parser.add_argument("arguments", nargs=argparse.REMAINDER)

    def handle(self, *args: Any, **options: Any) -> None:
        name, arguments = options["command_name"], options["arguments"]
        tenant = company_named(options["tenant_key"])
        with inside(tenant):
            if _takes_database(name):
                arguments = [*arguments, f"--database={tenant.alias}"]
            self.stdout.ending = self.stderr.ending = ""  # the command ends its lines itself
            call_command(name, *arguments, stdout=self.stdout, stderr=self.stderr)


def _takes_database(name: str) -> bool:
    """Commands such as dumpdata ask for an alias, and would take control's."""
    app = get_commands().get(name)
    if app is None:
        raise CommandError(_("No existe el comando '%(name)s'.") % {"name": name})
    command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
    return "--database" in command.create_parser("manage.py", name)._option_string_actions
