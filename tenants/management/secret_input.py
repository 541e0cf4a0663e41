"""Secrets for commands from elsewhere than the command line, which `ps` shows to everybody on the
machine."""

import os
import sys
from getpass import getpass
from typing import Any

from django.utils.translation import gettext as _

PASSWORD_VARIABLE = "TENANT_DB_PASSWORD"  # noqa: S105  (its name)
_FROM_INPUT = "-"


def take_secrets(options: dict[str, Any]) -> None:
    """Put what was typed or piped in in place of `-`: the first line is the database password,
    the rest the metadata. A password that is not given may be in the environment."""
    options["db_password"] = _password(options["db_password"])
    if options["metadata"] == _FROM_INPUT:
        options["metadata"] = sys.stdin.read()


def _password(given: str) -> str:
    if given != _FROM_INPUT:
        return given or os.environ.get(PASSWORD_VARIABLE, "")
    if sys.stdin.isatty():
        return getpass(_("Contraseña de la base de datos: "))
    return sys.stdin.readline().rstrip("\r\n")
