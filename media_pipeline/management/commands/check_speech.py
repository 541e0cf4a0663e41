"""manage.py check_speech [--file NOTE] [--brief]"""

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from media_pipeline.ffmpeg import FfmpegMissing, Unreadable, binary
from media_pipeline.speech import EngineUnavailable, active_engine
from media_pipeline.transcribing import listen


class Command(BaseCommand):
    help = "Say whether voice notes become words here, and transcribe one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="a voice note to transcribe")
        parser.add_argument("--brief", action="store_true", help="one line, nothing is loaded")

    def handle(self, *args: Any, **options: Any) -> None:
        engine = active_engine()
        status = engine.status()
        said = _("voz: motor %(name)s, listo") if status.ok else _("voz: %(reason)s")
        self.stdout.write(said % {"name": engine.name, "reason": status.reason})
        if options["brief"]:
            return
        try:
            self.stdout.write(f"ffmpeg: {binary()}")
            engine.load()
            if options["file"]:
                self._transcribe(options["file"])
        except FfmpegMissing:
            raise CommandError(_("No hay ffmpeg.")) from None
        except (Unreadable, FileNotFoundError):
            raise CommandError(_("El archivo no se puede leer como audio.")) from None
        except EngineUnavailable as error:
            raise CommandError(str(error)) from error

    def _transcribe(self, note: Path) -> None:
        heard = listen(active_engine(), note.resolve(strict=True))
        self.stdout.write(
            f"{heard.text!r} · {heard.confidence:.2f} · {heard.audio_seconds:.1f} s"
            f" · {heard.elapsed_seconds:.1f} s"
        )
