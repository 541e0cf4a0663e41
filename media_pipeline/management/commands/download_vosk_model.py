"""manage.py download_vosk_model [--name N] [--dest DIR] [--url U] [--sha256 S] [--archive ZIP]"""

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from media_pipeline.speech.vosk_download import BadModel, install
from media_pipeline.speech.vosk_models import NAME


class Command(BaseCommand):
    help = "Install a speech model of Vosk: Spanish, unless another is named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default=NAME)
        parser.add_argument("--dest", type=Path, help="folder of models; omitted: data/vosk")
        parser.add_argument("--url", default="", help="where to fetch it instead")
        parser.add_argument("--sha256", default="", help="of the archive")
        parser.add_argument("--archive", type=Path, help="a ZIP that is here already")
        parser.add_argument("--force", action="store_true", help="replace what is there")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model = install(
                options["name"],
                folder=options["dest"],
                url=options["url"],
                sha256=options["sha256"],
                archive=options["archive"],
                replace=options["force"],
            )
        except BadModel as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"VOSK_MODEL_PATH={model}")
