"""How the product logs: lines for people, or JSON for machines (`LOG_FORMAT`).

A JSON line has the company's key and the request's id, and never what a customer wrote: of an
error it tells the kind and the place, not the text, which may quote data.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from tenants.context import current_tenant, has_tenant
from whapco.request_ids import current_request_id

# They tell of every login and purge, of every hint that comes and every one that is done.
_TALKATIVE = ("axes", "celery.worker.strategy", "celery.app.trace")
_FRAMES = 12  # of a traceback: the innermost


def logging_config(level: str, log_format: str) -> dict[str, Any]:
    """Django's LOGGING. `log_format`: line or json."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
            "json": {"()": "whapco.logs.JsonFormatter"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": log_format}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {name: {"level": "WARNING"} for name in _TALKATIVE},
    }


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "company": current_tenant().key if has_tenant() else None,
            "request": current_request_id(),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["stack"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def _places(stack: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(stack)[-_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
