"""manage.py replay_undelivered"""

from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _

from chatbot import undelivered


class Command(BaseCommand):
    help = "Hand over what Meta sent for numbers that no company had, where one has them by now."

    def handle(self, *args: Any, **options: Any) -> None:
        done = undelivered.replay()
        self.stdout.write(_("%(count)d eventos entregados") % {"count": done.delivered})
        if done.failed:
            keys = ", ".join(sorted(done.failed))
            raise CommandError(_("No respondió la base de: %(keys)s") % {"keys": keys})
