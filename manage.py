#!/usr/bin/env python
"""Django's command line for whapco. `--env-file F`, of any command, is read before the settings."""

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whapco.settings")
    arguments = take_env_file(sys.argv)
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)


def take_env_file(arguments: list[str]) -> list[str]:
    """Take note of the file, and return the other arguments."""
    rest = []
    remaining = iter(arguments)
    for argument in remaining:
        name, has_value, value = argument.partition("=")
        if name != "--env-file":
            rest.append(argument)
            continue
        path = Path(value if has_value else next(remaining, "")).expanduser().resolve()
        if not path.is_file():
            sys.exit(f"whapco: no existe el archivo {path}")
        os.environ["WHAPCO_ENV_FILE"] = str(path)
    return rest


if __name__ == "__main__":
    main()
