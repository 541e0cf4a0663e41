"""What must not be written down by servers that log every address."""

import logging
import re

# Meta checks a webhook with the token in the address: that is how its protocol is.
_VERIFY_TOKEN = re.compile(r"(hub\.verify_token=)[^&\s\"]+", re.IGNORECASE)
_ACCESS_LOGS = ("uvicorn.access", "django.server")


def hide_verify_token(record: logging.LogRecord) -> bool:
    """A logging filter that lets everything through."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            _VERIFY_TOKEN.sub(r"\1***", part) if isinstance(part, str) else part
            for part in record.args
        )
    return True


def guard_access_logs() -> None:
    """In code, not in LOGGING: naming a logger there would take away uvicorn's own handlers."""
    for name in _ACCESS_LOGS:
        logging.getLogger(name).addFilter(hide_verify_token)
