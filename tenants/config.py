"""The settings in force for a company: its `metadata.env` and secrets over the installation's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from tenants.models import Tenant

SECRETS = {
    "META_TOKEN": "meta_token",
    "VERIFY_TOKEN": "verify_token",
    "META_APP_SECRET": "app_secret",
}
NUMBER = "PHONE_NUMBER_ID"
ALIASES = {"SESSION_TIMEOUT": "SESSION_TIMEOUT_SECONDS"}
TEXTS = ("SESSION_TIMEOUT_MESSAGE", "INITIAL_STEP", "FALLBACK_TEXT", "CLOSING_MESSAGE")
SECONDS = ("SESSION_TIMEOUT_SECONDS", "AGENT_TIMEOUT_SECONDS")
SIZES = ("UPLOADS_QUOTA_MB",)
_MOST_SECONDS = 999_999_999  # what the panel accepts; more overflows a date
FLAGS = ("AGENTS_SEE_UNASSIGNED", "ASSIGN_ON_REPLY")


@dataclass(frozen=True)
class CompanyConfig:
    """Times in seconds; 0 means never. Sizes in megabytes; 0 means no limit. `phone_number_id` is
    the default business number."""

    meta_token: str
    verify_token: str
    app_secret: str
    phone_number_id: str
    session_timeout_seconds: int
    agent_timeout_seconds: int
    session_timeout_message: str
    initial_step: str
    fallback_text: str
    closing_message: str
    agents_see_unassigned: bool
    assign_on_reply: bool
    uploads_quota_mb: int


def read_config(tenant: "Tenant") -> CompanyConfig:
    """Unreadable values in `metadata.env` fall back to the installation's: a typo must not
    silence a company. The panel and the command refuse them before they are saved."""
    own = _own_values(tenant.metadata)
    values: dict[str, Any] = {
        field: getattr(tenant, field) or getattr(settings, name) for name, field in SECRETS.items()
    }
    values |= {name.lower(): _text(own.get(name), getattr(settings, name)) for name in TEXTS}
    values |= {
        name.lower(): _seconds(own.get(name), getattr(settings, name))
        for name in (*SECONDS, *SIZES)
    }
    values |= {name.lower(): _flag(own.get(name), getattr(settings, name)) for name in FLAGS}
    values["closing_message"] = values["closing_message"] or values["session_timeout_message"]
    values["initial_step"] = values["initial_step"].strip().lower()
    return CompanyConfig(phone_number_id=_phone_number_id(tenant, own), **values)


def _own_values(metadata: object) -> dict[str, Any]:
    env = metadata.get("env") if isinstance(metadata, Mapping) else None
    if not isinstance(env, Mapping):
        return {}
    return {ALIASES.get(str(name), str(name)): value for name, value in env.items()}


def _phone_number_id(tenant: "Tenant", own: Mapping[str, Any]) -> str:
    if own.get(NUMBER):
        return str(own[NUMBER]).strip()
    return str(settings.PHONE_NUMBER_ID) if tenant.alias == "default" else ""


def _text(value: object, default: str) -> str:
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_text and str(value).strip() else str(default)


def _seconds(value: object, default: int) -> int:
    try:
        return min(max(0, int(str(value))), _MOST_SECONDS)
    except ValueError:
        return default


def _flag(value: object, default: bool) -> bool:
    return (
        default if value in (None, "") else str(value).strip().lower() in {"1", "true", "si", "sí"}
    )
