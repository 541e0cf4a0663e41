"""Secrets at rest: encrypted, refused under a wrong key, carried over to a new one."""

from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db.models import TextField
from django.db.models.functions import Cast

from tenants.models import Tenant
from whapco.lib.fields import DecryptError, decrypt, encrypt

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def stored(field: str) -> list[str]:
    rows = Tenant.objects.order_by("key").annotate(raw=Cast(field, TextField()))
    return list(rows.values_list("raw", flat=True))


def test_secret_comes_back_and_is_not_in_the_clear(companies: SimpleNamespace) -> None:
    assert Tenant.objects.get(key="acme").meta_token == "T1"  # noqa: S105
    assert all(text.startswith("f1:") for text in stored("meta_token"))
    assert stored("db_password") == ["", ""]  # "is it set?" needs no key


def test_same_secret_is_never_stored_alike() -> None:
    assert encrypt("x") != encrypt("x")


def test_wrong_key_raises_and_never_gives_the_ciphertext(
    companies: SimpleNamespace, settings: Any
) -> None:
    settings.FIELD_KEYS = [NEW]
    with pytest.raises(DecryptError):
        Tenant.objects.get(key="acme")
    with pytest.raises(DecryptError):
        decrypt("texto en claro")


def test_rotation_moves_everything_to_the_first_key(databases: None, settings: Any) -> None:
    settings.FIELD_KEYS = [OLD]
    Tenant.objects.create(key="acme", db_name="a", meta_token="T1", db_user="u", db_password="p")
    Tenant.objects.create(key="beta", db_name="b")
    settings.FIELD_KEYS = [NEW, OLD]
    call_command("rotate_keys")
    settings.FIELD_KEYS = [NEW]
    acme = Tenant.objects.get(key="acme")
    assert (acme.meta_token, acme.db_password) == ("T1", "p")


def test_rotation_names_what_no_key_opens(
    databases: None, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.FIELD_KEYS = [OLD]
    lost = Tenant.objects.create(key="acme", db_name="a", meta_token="T1", verify_token="V")
    settings.FIELD_KEYS = [NEW]
    Tenant.objects.create(key="beta", db_name="b", meta_token="T2")
    with pytest.raises(CommandError, match=f"tenants.Tenant.meta_token #{lost.pk}"):
        call_command("rotate_keys")
    assert "T1" not in capsys.readouterr().out
