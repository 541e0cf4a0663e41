"""manage.py replay_undelivered"""

from typing import Any

from django.core.management import BaseCommand
from django.utils.translation import gettext as _

from chatbot import undelivered


class Command(BaseCommand):
    help = "Hand over what Meta sent for numbers that no company had, where one has them by now."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(_("%(count)d eventos entregados") % {"count": undelivered.replay()})
