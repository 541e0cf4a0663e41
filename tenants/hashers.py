"""Passwords hashed by werkzeug, as older installations and DEFAULT_ADMIN_PASSWORD_HASH have them.

werkzeug's `scrypt:N:r:p$salt$hex` and `pbkdf2:sha256:n$salt$hex` are the same digests as Django's
own, written differently: `adopt` rewrites them, and a login then rehashes with Django's first
hasher.
"""

import base64
import re

from django.contrib.auth.hashers import ScryptPasswordHasher, identify_hasher
from django.utils.translation import gettext as _

from tenants.errors import TenantError

# werkzeug's scrypt of "Admin1234". The hash that older documentation printed is of another
# password: tests/tenants/test_hashers.py keeps the proof.
DEFAULT_ADMIN_HASH = (
    "scrypt:32768:8:1$mhcA0OP5rzv11kou$"
    "122bda86c6e86bed560bd9ce2ea3cd182cabb80618796614d0edfd30ae643eaa"
    "ca5813ff2e37aa009922b1f729e875841b8df82058f85f81fc5d4f34dcbdb2dc"
)

_SCRYPT = re.compile(r"scrypt:(\d+):(\d+):(\d+)\$([^$]+)\$((?:[0-9a-f]{2})+)")
_PBKDF2 = re.compile(r"pbkdf2:sha256:(\d+)\$([^$]+)\$((?:[0-9a-f]{2})+)")
_MAX_MEMORY_BYTES = 64 * 1024 * 1024
_MAX_ENCODED = 128  # characters of the password column


class WerkzeugScryptHasher(ScryptPasswordHasher):
    """Django's scrypt, allowed the memory that werkzeug's N=32768 takes: with OpenSSL's own
    32 MiB limit the first login raises ValueError."""

    maxmem = _MAX_MEMORY_BYTES


def adopt(encoded: str) -> str:
    """A werkzeug or Django hash as Django stores it. Raises TenantError for any other string."""
    encoded = encoded.strip()
    adopted = _from_scrypt(encoded) or _from_pbkdf2(encoded) or _own(encoded)
    if not adopted or len(adopted) > _MAX_ENCODED:
        raise TenantError(_("El hash de la contraseña no es de werkzeug ni de Django."))
    return adopted


def _from_scrypt(encoded: str) -> str:
    match = _SCRYPT.fullmatch(encoded)
    if match is None:
        return ""
    cost, block, parallel, salt, digest = match.groups()
    if 128 * int(cost) * int(block) * int(parallel) >= _MAX_MEMORY_BYTES:
        return ""
    return f"scrypt${cost}${salt}${block}${parallel}${_base64(digest)}"


def _from_pbkdf2(encoded: str) -> str:
    match = _PBKDF2.fullmatch(encoded)
    if match is None:
        return ""
    iterations, salt, digest = match.groups()
    return f"pbkdf2_sha256${iterations}${salt}${_base64(digest)}"


def _own(encoded: str) -> str:
    try:
        hasher = identify_hasher(encoded)
        hasher.decode(encoded)
    except (ValueError, AssertionError):
        return ""
    return encoded


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode("ascii")
