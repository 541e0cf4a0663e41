"""manage.py rebuild_search [--tenant KEY]"""

from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from conversations import search_index
from tenants.management.companies import inside, named_company


class Command(BaseCommand):
    help = "Make the search of messages anew, such as after a backup came back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="key of the company; omitted: of control")

    def handle(self, *args: Any, **options: Any) -> None:
        with inside(named_company(options)):
            count = search_index.rebuild()
        self.stdout.write(_("%(count)d mensajes se pueden buscar") % {"count": count})
