"""manage.py publish_rules [--tenant KEY] [--note TEXT] [--check-only] [--anyway] [--stranded W]"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from chatbot import publishing
from chatbot.management.sheet_command import find_company
from chatbot.management.stranded_option import add_stranded
from chatbot.move_choices import moved_words
from chatbot.moves import NOWHERE
from chatbot.publishing import ChatsStranded, DraftMoved
from chatbot.review import Review, review_draft
from tenants.management.companies import inside


class Command(BaseCommand):
    """Exit code 1, and nothing published, when the checker finds an error, when scenarios fail
    unless `--anyway`, or when chats would be left in a step that goes unless `--stranded`."""

    help = "Publish a company's draft of rules, as the page Publicar does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", default="", metavar="KEY", help="default: DEFAULT_TENANT")
        parser.add_argument("--note", default="", metavar="TEXT", help="kept with the version")
        add_stranded(parser, default="", otherwise="publish nothing")
        parser.add_argument("--anyway", action="store_true", help="also when scenarios fail")
        parser.add_argument("--check-only", action="store_true", help="look, publish nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        with inside(find_company(options["tenant"])):
            review = review_draft()
            self.show(review)
            if review.errors:
                raise CommandError(_("No se publicó nada: corrige los errores."))
            if review.broken and not options["anyway"]:
                raise CommandError(_("No se publicó nada: hay escenarios que fallan."))
            if options["check_only"] or not review.difference.size:
                return
            self.publish(review, options["note"], options["stranded"])

    def publish(self, review: Review, note: str, way: str) -> None:
        moves = review.choices.all_moved(way) if way else NOWHERE
        try:
            done = publishing.publish_seen(
                review.seen, author="publish_rules", note=note, moves=moves
            )
        except DraftMoved as error:
            raise CommandError(_("Alguien cambió las reglas: inténtalo otra vez.")) from error
        except ChatsStranded as error:
            steps = ", ".join(f"{step} ({chats})" for step, chats in error.chats.items())
            text = _("Hay chats en pasos que desaparecen: %(steps)s. Elige con --stranded.")
            raise CommandError(text % {"steps": steps}) from error
        number = done.release.number
        self.stdout.write(_("La versión %(number)d ya contesta.") % {"number": number})
        if done.moved_chats:
            self.stdout.write(moved_words(done.moved_chats))

    def show(self, review: Review) -> None:
        counts = _("%(new)d nuevas, %(changed)d cambiadas, %(gone)d borradas.")
        self.stdout.write(counts % review.difference.counts)
        for finding in review.doubts:
            self.stdout.write(self.style.WARNING(f"{finding.step}: {finding.message}"))
        for result in review.broken:
            text = _("Falla el escenario «%(name)s», mensaje %(turn)d del cliente.")
            names = {"name": result.scenario.name, "turn": result.turn}
            self.stderr.write(text % names)
        for finding in review.errors:
            self.stderr.write(f"{finding.step}: {finding.message}")
