"""Form fields for what a page may take but must never show again, and for the metadata JSON."""

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

from tenants.errors import TenantError
from tenants.metadata import (
    MOST_CHARACTERS,
    Given,
    is_secret_name,
    parse_metadata,
    read_metadata,
    without_secrets,
)

_SHOWN_CHARACTERS = 4
_LONG_ENOUGH = 12  # of a shorter secret four characters would be too much
_PAIR = re.compile(
    r"""(["']?)(?<![\w-])([\w-]+)\1(\s*:\s*)("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,{}\["']+)"""
)


class SecretField(forms.CharField):
    """Write-only: empty leaves what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "new-password", "spellcheck": "false", "class": "vTextField"}
        kwargs.setdefault("widget", forms.PasswordInput(attrs=attrs))
        super().__init__(required=False, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


def describe_secret(value: str, *, shows_end: bool = True) -> str:
    """What a page may say of a stored secret."""
    if not value:
        return _("Sin guardar.")
    if shows_end and len(value) > _LONG_ENOUGH:
        return _("Guardado · termina en …%(end)s.") % {"end": value[-_SHOWN_CHARACTERS:]}
    return _("Guardado.")


class MetadataField(forms.JSONField):
    """`{"env": {…}}`, cleaned to a `Given`. A form that comes back shows it without secrets."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"rows": 6, "class": "vLargeTextField vMono", "spellcheck": "false"}
        kwargs.setdefault("widget", forms.Textarea(attrs=attrs))
        super().__init__(required=False, max_length=MOST_CHARACTERS, **kwargs)

    def clean(self, value: Any) -> Given:
        try:
            return read_metadata(_parsed(value), {})
        except TenantError as error:
            raise ValidationError(str(error)) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        return InvalidJSONInput(_without_secrets(str(data or "")))

    def prepare_value(self, value: Any) -> str:
        if isinstance(value, InvalidJSONInput):
            return str(value)
        return _dumped(value) if value else ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(_parsed(data) != (initial or {}))
        except ValidationError:
            return True


def _parsed(text: Any) -> Any:
    """Raises ValidationError that says where to look."""
    try:
        return parse_metadata(str(text or ""))
    except TenantError as error:
        raise ValidationError(str(error)) from error


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _without_secrets(text: str) -> str:
    """What was typed, well-formed or not, with nothing in the place of its secrets."""
    try:
        return _dumped(without_secrets(_parsed(text)))
    except ValidationError:
        return _PAIR.sub(lambda pair: _blanked(pair) if is_secret_name(pair[2]) else pair[0], text)


def _blanked(pair: "re.Match[str]") -> str:
    return f'{pair[1]}{pair[2]}{pair[1]}{pair[3]}""'
