"""Reads the metadata a company is given: `{"env": {"META_TOKEN": "…", "INITIAL_STEP": "…"}}`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tenants.config import ALIASES, NUMBER, SECONDS, SECRETS, SIZES
from tenants.errors import TenantError

# Older installations keep more secrets there than a company may override: none is stored in clear.
_IGNORED = re.compile(r"SECRET|TOKEN|PASSWORD|MEDIA_ROOT|(^|_)KEY(S)?($|_)")

MOST_CHARACTERS = 50_000
_DEEPEST = 20  # MariaDB refuses JSON of more than 32 levels


@dataclass(frozen=True)
class Given:
    """What to store: `metadata` without secrets, `secrets` by name of the Tenant's field, the
    company's business number (empty: none given)."""

    metadata: dict[str, Any]
    secrets: dict[str, str]
    phone_number_id: str


def parse_metadata(text: str) -> Any:
    """What the JSON says; an empty object for no text. Raises TenantError that says where to look,
    without the text: it may hold a token."""
    text = text.strip()
    if not text:
        return {}
    if len(text) > MOST_CHARACTERS:
        raise TenantError(_("Los metadatos son demasiado largos."))
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        is_storable = _depth(value) <= _DEEPEST and bool(
            json.dumps(value, ensure_ascii=False).encode()
        )
    except json.JSONDecodeError as error:
        raise TenantError(
            _(
                "No es JSON válido. Revisa la línea %(line)d, columna %(column)d: sobra o falta "
                "una coma, una comilla o una llave."
            )
            % {"line": error.lineno, "column": error.colno}
        ) from None
    except (RecursionError, ValueError):  # NaN, too deep, half a surrogate pair
        is_storable = False
    if not is_storable:
        raise TenantError(_("Esos metadatos no se pueden guardar: simplifícalos."))
    return value


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
        metadata=without_secrets(clear),
        secrets={field: str(env[name]) for name, field in SECRETS.items() if env.get(name)},
        phone_number_id=str(given_env.get(NUMBER) or "").strip(),
    )


def _env(metadata: Mapping[str, Any]) -> dict[str, Any]:
    env = metadata.get("env")
    if not isinstance(env, Mapping):
        return {}
    return {ALIASES.get(str(name), str(name)): value for name, value in env.items()}


def is_secret_name(name: str) -> bool:
    """Whether what stands under that name is never stored in clear, nor shown again."""
    return bool(_IGNORED.search(name.upper()))


def without_secrets(value: Any) -> Any:
    """JSON, however deep, with nothing that has a secret's name."""
    if isinstance(value, Mapping):
        return {
            name: without_secrets(one)
            for name, one in value.items()
            if not is_secret_name(str(name))
        }
    return [without_secrets(one) for one in value] if isinstance(value, list) else value


def _check(name: str, value: object) -> None:
    if value in (None, ""):
        return
    if not isinstance(value, str | int):
        raise TenantError(_("%(name)s debe ser un texto o un número.") % {"name": name})
    is_whole = re.fullmatch(r"\d{1,9}", str(value).strip()) is not None
    if name in SECONDS and not is_whole:
        raise TenantError(_("%(name)s debe ser un número entero de segundos.") % {"name": name})
    if name in SIZES and not is_whole:
        raise TenantError(_("%(name)s debe ser un número entero de megas.") % {"name": name})
    if name == NUMBER and not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", str(value).strip()):
        raise TenantError(_("%(name)s no es un id de número de WhatsApp.") % {"name": name})


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(one) for one in inner), default=0)
