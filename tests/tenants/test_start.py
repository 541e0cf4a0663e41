"""What starting the server does to the databases. In processes of their own, on databases of
their own: this is about the first minute of an installation."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tenants.databases import server_cursor

ROOT = Path(__file__).resolve().parents[2]
ON_SQLITE = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
REPORT = """
import json, sys
import django; django.setup()
from tenants.context import tenant_context
from tenants.models import Tenant, User, WhatsAppNumber
with tenant_context(Tenant.single_company()):
    users = {u.username: sorted(u.role_keywords) for u in User.objects.all()}
    owes = sorted({u.must_change_password for u in User.objects.all()})
json.dump({
    "tenants": list(Tenant.objects.values_list("key", "name", "active")),
    "numbers": list(WhatsAppNumber.objects.values_list("tenant__key", "phone_number_id")),
    "users": users, "owes": owes,
}, sys.stdout)
"""


class Installation:
    """An installation with an environment of its own."""

    def __init__(self, database: str) -> None:
        kept = ("PATH", "HOME", "DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "LANG")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "whapco.settings",
            "SECRET_KEY": "x",
            "WHAPCO_ENV_FILE": os.devnull,
            "RUN_BACKGROUND": "0",
            "DEMO": "0",
            "DB_NAME": database,
        }

    def begin(self, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**self.env, **env},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, **env: str) -> tuple[int, str, str]:
        process = self.begin(*arguments, **env)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def start(self, **env: str) -> "subprocess.Popen[str]":
        return self.begin("-c", "import whapco.wsgi", **env)

    def report(self) -> dict[str, Any]:
        code, out, err = self.run("-c", REPORT)
        assert code == 0, err
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def installation(databases: None, tmp_path: Path) -> Iterator[Installation]:
    if ON_SQLITE:
        yield Installation(str(tmp_path / "nueva" / "control.sqlite3"))
        return
    name = f"test_whapco_{uuid.uuid4().hex[:10]}"
    yield Installation(name)
    with server_cursor(settings.DATABASES["default"]) as cursor:
        for database in (name, f"{name}_x"):
            cursor.execute(f"DROP DATABASE IF EXISTS `{database}`")


def test_processes_that_start_together_prepare_once(installation: Installation) -> None:
    casa = {"DEFAULT_TENANT": "casa", "DEFAULT_TENANT_NAME": "Casa", "PHONE_NUMBER_ID": "555"}
    for _round in range(2):  # and a second start changes nothing
        processes = [installation.start(**casa) for _number in range(3)]
        for process in processes:
            _out, err = process.communicate(timeout=180)
            assert process.returncode == 0, err
        assert installation.report() == {
            "tenants": [["casa", "Casa", True]],
            "numbers": [["casa", "555"]],
            "users": {"admin": ["admin", "superadmin"], "superadmin": ["superadmin"]},
            "owes": [True],
        }


def test_switched_off_start_touches_nothing(installation: Installation, tmp_path: Path) -> None:
    process = installation.start(INIT_DB_ON_START="0")
    _out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    code, _out, err = installation.run("-c", REPORT)
    assert code != 0
    assert "Unknown database" in err or "unable to open" in err or "no such table" in err
    assert not (tmp_path / "nueva").exists()


def test_single_company_has_no_row(installation: Installation) -> None:
    code, out, _err = installation.run("manage.py", "init_db", INIT_DB_ON_START="0")
    assert (code, out.strip()) == (0, "Las bases de datos están listas.")
    assert installation.report()["tenants"] == []


def test_another_default_company_may_not_take_the_control_database(
    installation: Installation,
) -> None:
    installation.run("manage.py", "init_db", DEFAULT_TENANT="casa")
    code, _out, err = installation.run("manage.py", "init_db", DEFAULT_TENANT="otra")
    assert code == 1
    assert "pertenece a la empresa 'casa'" in err


def test_companies_are_made_from_any_folder_and_never_print_passwords(
    installation: Installation, tmp_path: Path
) -> None:
    env_file = tmp_path / "con espacio.env"
    env_file.write_text("DEFAULT_TENANT=casa\n")
    database = "control_x" if ON_SQLITE else f"{installation.env['DB_NAME']}_x"
    script = str(ROOT / "scripts" / "create_tenant.py")
    secret = '{"env": {"META_TOKEN": "EAAG-secreto"}}'
    line = [script, "--env-file", str(env_file), "acme", database, "--metadata", secret]
    code, out, err = installation.run(*line, "--init-schema", "--name", "Acme")
    assert (code, out.strip()) == (0, "Empresa 'acme' creada."), err
    assert "EAAG" not in out + err
    code, out, err = installation.run(*line, "--name", "Acme S.A.")
    assert (code, out.strip()) == (0, "Empresa 'acme' actualizada."), err
    code, _out, err = installation.run(script, "acme", f"{database}2")
    assert code == 1
    assert "ya existe con otra base de datos" in err
    tenants = sorted(installation.report()["tenants"])
    assert tenants == [["acme", "Acme S.A.", True], ["casa", "casa", True]]
