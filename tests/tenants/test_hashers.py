"""werkzeug's hashes open the same doors under Django."""

import hashlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client

from tenants.context import tenant_context
from tenants.errors import TenantError
from tenants.hashers import DEFAULT_ADMIN_HASH, adopt
from tenants.models import User
from tenants.seeding import seed_users
from tests.tenants.conftest import enter, who

OLD_DOCUMENTED_HASH = (
    "scrypt:32768:8:1$JAUhBgIzT6IIoM5Y$6c5c9870fb039e600a045345fbe67029001173247f3143ef19b94cddd919"
    "996a7a82742083aeeb6927591fa2a0d0eb6bb3c4e3501a1964d53f39157d31f81bd4"
)


@pytest.fixture(autouse=True)
def _product_hashers(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "tenants.hashers.WerkzeugScryptHasher",
    ]


def test_shipped_hash_is_of_the_documented_password() -> None:
    assert check_password("Admin1234", adopt(DEFAULT_ADMIN_HASH))
    assert not check_password("admin123", adopt(DEFAULT_ADMIN_HASH))


def test_hash_of_the_old_documentation_is_of_another_password() -> None:
    assert not check_password("Admin1234", adopt(OLD_DOCUMENTED_HASH))
    assert check_password("admin123", adopt(OLD_DOCUMENTED_HASH))


def test_werkzeug_pbkdf2_opens() -> None:
    digest = hashlib.pbkdf2_hmac("sha256", b"clave", b"sal", 1000).hex()
    adopted = adopt(f"pbkdf2:sha256:1000$sal${digest}")
    assert check_password("clave", adopted)
    assert not check_password("otra", adopted)


def test_login_replaces_the_old_hash_by_djangos_first() -> None:
    kept: list[str] = []
    assert check_password("Admin1234", adopt(DEFAULT_ADMIN_HASH), setter=kept.append)
    assert kept == ["Admin1234"]


def werkzeug_hash(method: str, password: str) -> str:
    """As `generate_password_hash` of werkzeug writes it."""
    if method == "scrypt":
        digest = hashlib.scrypt(
            password.encode(), salt=b"sal", n=32768, r=8, p=1, maxmem=2**26, dklen=64
        )
        return f"scrypt:32768:8:1$sal${digest.hex()}"
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), b"sal", 600_000)
    return f"pbkdf2:sha256:600000$sal${digest.hex()}"


@pytest.mark.parametrize("method", ["scrypt", "pbkdf2"])
def test_seeded_users_log_in_with_a_werkzeug_hash_and_leave_it_behind(
    companies: SimpleNamespace, client: Client, settings: Any, method: str
) -> None:
    settings.DEFAULT_ADMIN_PASSWORD_HASH = werkzeug_hash(method, "Clave-de-antes-8")
    seed_users(companies.acme)
    assert enter(client, "acme", "admin", "clave-de-antes-8").status_code == 422
    assert enter(client, "acme", "admin", "Clave-de-antes-8").status_code == 302
    assert who(client) == "admin"  # the session outlives the new hash
    with tenant_context(companies.acme):
        admin = User.objects.get()
    algorithm, iterations, salt, _digest = admin.password.split("$")
    assert algorithm == "pbkdf2_sha256"
    assert salt != "sal"
    assert int(iterations) >= 600_000
    assert admin.check_password("Clave-de-antes-8")
    assert admin.must_change_password
    assert enter(Client(), "acme", "admin", "Clave-de-antes-8").status_code == 302


def test_django_hashes_stay_as_they_are() -> None:
    encoded = "pbkdf2_sha256$1000$sal$JpbBqHWGgkNxPjvP0cY6fE5K8UQ2cZ0Yb9oQ3q5jv0s="
    assert adopt(f" {encoded} ") == encoded


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Admin1234",
        "scrypt:32768:8:1$sal",
        "scrypt:32768:8:1$sal$zz",
        "scrypt:1048576:8:1$sal$00ff",
        "pbkdf2:sha512:1000$sal$00ff",
        "md5$x",
        "scrypt$32768$sal",
    ],
)
def test_other_strings_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(TenantError, match="werkzeug ni de Django"):
        adopt(text)
