"""Model fields that Django lacks: secrets encrypted at rest, identifiers compared byte by byte."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

_PREFIX = "f1:"


class DecryptError(Exception):
    """A stored secret does not open with any key of FIELD_KEYS."""


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(value: str) -> str:
    """`value` as `f1:<Fernet token>`, under the first key of FIELD_KEYS."""
    return _PREFIX + _fernet(tuple(settings.FIELD_KEYS)).encrypt(value.encode()).decode()


def decrypt(stored: str) -> str:
    """The secret behind `stored`. Raises DecryptError: never hands out ciphertext as a value."""
    try:
        return _fernet(tuple(settings.FIELD_KEYS)).decrypt(stored.removeprefix(_PREFIX)).decode()
    except InvalidToken:
        raise DecryptError("A stored secret does not open with FIELD_KEYS.") from None


def is_under_first_key(stored: str) -> bool:
    """Whether `stored` would still open if every key of FIELD_KEYS but the first were removed."""
    try:
        _fernet((settings.FIELD_KEYS[0],)).decrypt(stored.removeprefix(_PREFIX))
    except InvalidToken:
        return False
    return True


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted with FIELD_KEYS. Empty stays empty, so that "is it set?" needs no key."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(str(value)) if value else value

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return decrypt(value) if value else value

    def value_to_string(self, obj: models.Model) -> str:
        """For dumpdata, whose output is a file or a terminal: as the database has it."""
        return str(self.get_prep_value(self.value_from_object(obj)))

    def to_python(self, value: Any) -> Any:
        """Also for loaddata, which hands back what dumpdata wrote."""
        if not isinstance(value, str) or not value.startswith(_PREFIX):
            return super().to_python(value)
        try:
            return decrypt(value)
        except DecryptError:
            raise ValidationError(_("Ninguna clave de FIELD_KEYS lo abre.")) from None


class ExactCharField(models.CharField):  # type: ignore[type-arg]
    """An identifier. MySQL's usual collations hold `aB` and `Ab` equal: two of Meta's base64 ids
    would then be one message, and the second would be lost."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters = dict(super().db_parameters(connection))
        if connection.vendor == "mysql":
            parameters["collation"] = "utf8mb4_bin"
        return parameters
