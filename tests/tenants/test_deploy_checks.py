"""`manage.py check --deploy`: silent for a proper installation, and a variable's name for each
thing that is missing."""

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import run_checks

from tenants.hashers import WerkzeugScryptHasher
from tenants.models import Tenant
from tests.meta import FakeMeta
from tests.servers import ROOT, Server, mariadb_rows, on_mariadb

PROPER = {
    "SECRET_KEY": "una-clave-larga-de-verdad-que-nadie-adivina-en-la-vida-0123456789",
    "FIELD_KEYS": "bG8tcXVlLXNlYS1kZS10cmVpbnRhLXktZG9zLWJ5dGU=",
    "PUBLIC_BASE_URL": "https://chat.example.com",
    "ALLOWED_HOSTS": "chat.example.com",
    "TRUSTED_PROXY_COUNT": "1",
    "META_APP_SECRET": "secreto-de-la-app",
    "GRAPH_API_URL": "",
    "LANGUAGE_CODE": "es",
}


def hash_of(password: str) -> str:
    """Of the product's hashers: its tests have a faster one beside."""
    return WerkzeugScryptHasher().encode(password, "sal")


PROPER["DEFAULT_ADMIN_PASSWORD_HASH"] = hash_of("Otra-clave-larga-7")


@pytest.fixture
def installation() -> Iterator[Server]:
    """An environment and an empty database."""
    meta = FakeMeta()
    server = Server(meta, **PROPER)
    yield server
    server.close()
    meta.close()


def manage(server: Server, *command: str, **env: str) -> tuple[int, str]:
    """Exit code and everything said. An empty variable counts as unset."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**server.env, **env},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def check(server: Server, **env: str) -> tuple[int, str]:
    return manage(server, "check", "--deploy", "--fail-level", "WARNING", **env)


def test_proper_installation_has_no_issues_from_empty_to_started(installation: Server) -> None:
    code, said = check(installation)
    assert (code, said.splitlines()[0]) == (
        0,
        "System check identified no issues (3 silenced).",
    )
    assert manage(installation, "init_db")[0] == 0
    assert check(installation)[0] == 0


@pytest.fixture
def proper(companies: SimpleNamespace, settings: Any) -> Any:
    """The same, in this process."""
    settings.SECRET_KEY = PROPER["SECRET_KEY"]
    settings.FIELD_KEYS_DERIVED = False
    settings.DEFAULT_ADMIN_PASSWORD_HASH = PROPER["DEFAULT_ADMIN_PASSWORD_HASH"]
    settings.PUBLIC_BASE_URL = PROPER["PUBLIC_BASE_URL"]
    settings.ALLOWED_HOSTS = [PROPER["ALLOWED_HOSTS"]]
    settings.TRUSTED_PROXY_COUNT = 1
    return settings


def findings() -> list[str]:
    """Numbers of ours, and Django's own of DEBUG."""
    found = run_checks(include_deployment_checks=True)
    return [message.id for message in found if message.id.startswith(("tenants", "security.W018"))]


def test_nothing_is_found_where_nothing_is_missing(proper: Any) -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("name", "value", "number", "variable"),
    [
        ("FIELD_KEYS_DERIVED", True, "tenants.W001", "FIELD_KEYS"),
        ("DEFAULT_ADMIN_PASSWORD_HASH", "", "tenants.W002", "DEFAULT_ADMIN_PASSWORD_HASH"),
        (
            "DEFAULT_ADMIN_PASSWORD_HASH",
            hash_of("Admin1234"),
            "tenants.W002",
            "DEFAULT_ADMIN_PASSWORD_HASH",
        ),
        ("WEBHOOK_ALLOW_UNSIGNED", True, "tenants.W004", "WEBHOOK_ALLOW_UNSIGNED"),
        ("PUBLIC_BASE_URL", "", "tenants.W006", "PUBLIC_BASE_URL"),
        ("PUBLIC_BASE_URL", "http://chat.example.com", "tenants.W006", "PUBLIC_BASE_URL"),
        ("TRUSTED_PROXY_COUNT", 0, "tenants.W007", "TRUSTED_PROXY_COUNT"),
        ("ALLOWED_HOSTS", ["otro.example.com"], "tenants.W008", "ALLOWED_HOSTS"),
        ("ALLOWED_HOSTS", ["*"], "tenants.W009", "ALLOWED_HOSTS"),
        ("DEMO", True, "tenants.W010", "DEMO"),
        ("DEBUG", True, "security.W018", "DEBUG"),
    ],
)
def test_what_is_missing_is_named(
    proper: Any, name: str, value: object, number: str, variable: str
) -> None:
    setattr(proper, name, value)
    assert findings() == [number]
    found = run_checks(include_deployment_checks=True)
    (sentence,) = [f"{message.msg} {message.hint}" for message in found if message.id == number]
    assert variable in sentence
    assert not [secret for secret in PROPER.values() if len(secret) > 30 and secret in sentence]


def test_companies_without_app_secret_are_named(proper: Any, companies: SimpleNamespace) -> None:
    proper.META_APP_SECRET = ""
    assert findings() == []  # each has its own
    Tenant.objects.filter(key="beta").update(app_secret="")
    assert findings() == ["tenants.W005"]
    (found,) = [m for m in run_checks(include_deployment_checks=True) if m.id == "tenants.W005"]
    assert "META_APP_SECRET" in found.msg
    assert "beta" in found.msg
    assert "acme" not in found.msg
    Tenant.objects.all().delete()
    assert findings() == ["tenants.W005"]  # the installation has none either


@pytest.fixture
def careless() -> Iterator[Server]:
    """Started without a password of its own; company beta has a database, acme has none yet."""
    meta = FakeMeta()
    server = Server(meta, **{**PROPER, "DEFAULT_ADMIN_PASSWORD_HASH": "", "OWN_DB_USERS": "0"})
    beta = f"whapco_test_{uuid.uuid4().hex[:12]}"
    for command in (
        ("init_db",),
        ("create_tenant", "beta", beta, "--init-schema"),
        ("create_tenant", "acme", f"{beta}_a"),
    ):
        assert manage(server, *command)[0] == 0
    yield server
    if on_mariadb():
        mariadb_rows(f"DROP DATABASE IF EXISTS {beta}")
    server.close()
    meta.close()


def test_people_who_still_have_the_public_password_are_named(careless: Server) -> None:
    said = check(careless, **PROPER)[1]
    names = re.findall(r"\(tenants\.W003\) .+: (.+)\.\n", said)
    assert [sorted(found.split(", ")) for found in names] == [
        ["_default/admin", "_default/superadmin", "beta/admin"]
    ]
    careless.run(
        "from tenants.models import *; from tenants.context import tenant_context\n"
        "with tenant_context(Tenant.single_company()):\n"
        "    for user in User.objects.all(): user.set_password('Otra-9-larga'); user.save()"
    )
    said = check(careless, **PROPER)[1]
    assert re.findall(r"\(tenants\.W003\) .+: (.+)\.\n", said) == ["beta/admin"]
