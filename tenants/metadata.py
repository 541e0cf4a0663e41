"""Reads the metadata a company is given: `{"env": {"META_TOKEN": "…", "INITIAL_STEP": "…"}}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tenants.config import ALIASES, NUMBER, SECONDS, SECRETS
from tenants.errors import TenantError

# Older installations keep more secrets there than a company may override: none is stored in clear.
_IGNORED = re.compile(r"SECRET|TOKEN|PASSWORD|MEDIA_ROOT|(^|_)KEY(S)?($|_)")


@dataclass(frozen=True)
class Given:
    """What to store: `metadata` without secrets, `secrets` by name of the Tenant's field, the
    company's business number (empty: none given)."""

    metadata: dict[str, Any]
    secrets: dict[str, str]
    phone_number_id: str


def read_metadata(given: object, stored: Mapping[str, Any]) -> Given:
    """`given` laid over `stored`: what it does not name stays; an empty text or null takes an
    override away, but never a credential. Raises TenantError with the name at fault."""
    if not isinstance(given, Mapping) or not isinstance(given.get("env", {}), Mapping):
        raise TenantError(
            _('Los metadatos deben ser un objeto JSON: {"env": {"NOMBRE": "valor"}}.')
        )
    given_env = _env(given)
    for name, value in given_env.items():
        _check(name, value)
    env = {**_env(stored), **given_env}
    clear = {**stored, **given, "env": {n: v for n, v in env.items() if v not in (None, "")}}
    return Given(
        metadata=_without_secrets({**clear, "env": _without_secrets(clear["env"])}),
        secrets={field: str(env[name]) for name, field in SECRETS.items() if env.get(name)},
        phone_number_id=str(given_env.get(NUMBER) or "").strip(),
    )


def _env(metadata: Mapping[str, Any]) -> dict[str, Any]:
    env = metadata.get("env")
    if not isinstance(env, Mapping):
        return {}
    return {ALIASES.get(str(name), str(name)): value for name, value in env.items()}


def _without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not _IGNORED.search(name)}


def _check(name: str, value: object) -> None:
    if value in (None, ""):
        return
    if not isinstance(value, str | int):
        raise TenantError(_("%(name)s debe ser un texto o un número.") % {"name": name})
    if name in SECONDS and not re.fullmatch(r"\d{1,9}", str(value).strip()):
        raise TenantError(_("%(name)s debe ser un número entero de segundos.") % {"name": name})
    if name == NUMBER and not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", str(value).strip()):
        raise TenantError(_("%(name)s no es un id de número de WhatsApp.") % {"name": name})
