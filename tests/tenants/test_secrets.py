"""Secrets at rest: encrypted, refused under a wrong key, carried over to a new one."""

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connections, models
from django.db.models import TextField
from django.db.models.functions import Cast
from django.test import Client
from django.test.utils import isolate_apps

from tenants import scheduler
from tenants.context import current_tenant, tenant_context
from tenants.management.commands import rotate_keys
from tenants.models import Tenant
from tests.tenants.conftest import enter
from whapco.lib.fields import DecryptError, EncryptedTextField, decrypt, encrypt

ALIASES = ("default", "t_acme", "t_beta")
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


@pytest.fixture
def vault(databases: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A model that keeps a secret in each company: what a later version may bring."""
    with isolate_apps("conversations"):

        class Vault(models.Model):  # noqa: DJ008  (nobody prints it)
            secret = EncryptedTextField(null=True)  # noqa: DJ001  (as some will have it)

            class Meta:
                app_label = "conversations"

    monkeypatch.setattr(rotate_keys.apps, "get_models", lambda: [Tenant, Vault])
    for alias in ALIASES:
        with connections[alias].schema_editor() as editor:
            editor.create_model(Vault)
    yield Vault
    for alias in ALIASES:
        with connections[alias].schema_editor() as editor:
            editor.delete_model(Vault)


def test_rotation_reaches_every_company_in_batches_and_names_those_it_could_not(
    vault: Any,
    companies: SimpleNamespace,
    settings: Any,
    kept_aliases: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rotate_keys, "_BATCH", 2)
    settings.FIELD_KEYS = [OLD, *settings.FIELD_KEYS]
    for tenant in vars(companies).values():
        with tenant_context(tenant):
            vault.objects.bulk_create([vault(secret=f"s{number}") for number in range(5)])
            vault.objects.create(secret=None)
    for tenant in Tenant.objects.all():
        tenant.save()  # under the old key too
    Tenant.objects.filter(key="acme").update(active=False)
    there = Tenant.objects.filter(key="beta").values("db_host", "db_port", "db_name").get()
    settings.FIELD_KEYS = [NEW, OLD]
    Tenant.objects.filter(key="beta").update(db_host="127.0.0.1", db_port=1, db_name="no/hay/tal")
    with pytest.raises(CommandError, match="no respondió: beta. No quites todavía"):
        call_command("rotate_keys")
    Tenant.objects.filter(key="beta").update(**there)
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)  # the rest alone
    assert out.getvalue() == "Secretos cifrados de nuevo: 5.\n"
    settings.FIELD_KEYS = [NEW]
    for tenant in vars(companies).values():
        with tenant_context(tenant):
            secrets = vault.objects.order_by("pk").values_list("secret", flat=True)
            assert list(secrets) == ["s0", "s1", "s2", "s3", "s4", None]


@pytest.fixture
def sealed(companies: SimpleNamespace, settings: Any) -> SimpleNamespace:
    """Acme's secrets are under a key that is gone."""
    settings.FIELD_KEYS = [OLD]
    Tenant.objects.filter(key="acme").update(meta_token=encrypt("T1"))
    settings.FIELD_KEYS = [NEW]
    Tenant.objects.filter(key="beta").update(
        meta_token="T2", verify_token="v", app_secret="secreto-beta"
    )
    Tenant.objects.filter(key="acme").update(verify_token="", app_secret="")
    return companies


def test_a_company_under_a_lost_key_does_not_stop_the_jobs_of_others(
    sealed: SimpleNamespace,
) -> None:
    ran_in: list[str] = []
    scheduler.run_job(scheduler.Job("x", 1, lambda: ran_in.append(current_tenant().key)))
    assert ran_in == ["beta", Tenant.SINGLE_COMPANY_KEY]


def test_a_company_under_a_lost_key_is_in_maintenance(
    sealed: SimpleNamespace, client: Client
) -> None:
    for address in ("/login?tenant=acme", "/admin/?tenant=acme"):
        assert client.get(address).status_code == 503
    assert enter(client, "acme").status_code == 503
    assert client.get("/login?tenant=beta").status_code == 200


def test_commands_name_the_company_under_a_lost_key(sealed: SimpleNamespace) -> None:
    Tenant.objects.update(schema_version="")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="No se actualizaron: acme"):
        call_command("migrate_tenants", stdout=out, stderr=err)
    assert "acme: Sus credenciales no se abren con FIELD_KEYS" in err.getvalue()
    assert "beta: actualizada." in out.getvalue()
    for arguments in (["tenant_command", "acme", "check"], ["create_tenant", "acme", "x"]):
        with pytest.raises(CommandError, match="no se abren con FIELD_KEYS"):
            call_command(*arguments)
