"""Runs a management command from any folder and with any Python 3: what cron lines call.

Where Django does not import, it starts again with the project's own `.venv`. `--env-file F` is
read before the settings load.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV_PYTHONS = (ROOT / ".venv/bin/python", ROOT / ".venv/Scripts/python.exe")


def run(command: str) -> None:
    """Run `command` with this script's own arguments, and end the process with its exit code."""
    if importlib.util.find_spec("django") is None:
        sys.exit(_run_in_venv())
    sys.path.insert(0, str(ROOT))
    from manage import take_env_file

    arguments = take_env_file(sys.argv[1:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whapco.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line([sys.argv[0], command, *arguments])


def _run_in_venv() -> int | str:
    for python in VENV_PYTHONS:
        if python.exists() and Path(sys.prefix) != python.parent.parent:
            return subprocess.run([python, *sys.argv], check=False).returncode  # noqa: S603
    return "whapco: falta Django: ejecute antes `make setup`."
