"""An installation that exists for one report: its own control database, two companies, no Meta.

The real registry and the real companies are never opened.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.test.utils import override_settings

from tenants import registry, schema
from tenants.connections import close_all
from tenants.context import CONTROL_ALIAS
from tenants.databases import Made, all_of, ensure_control_database, is_sqlite, undo
from tenants.models import Tenant, WhatsAppNumber, control_location
from tenants.services import create_tenant, prepare_installation
from whapco.isolation.marks import Kind, Marks
from whapco.isolation.people import World
from whapco.isolation.planting import Company, plant, plant_registry

_NOWHERE = 9  # a port nobody listens on: nothing asked here may reach Meta or a running server
_SETTINGS = {
    "ALLOWED_HOSTS": ["testserver"],
    "DEFAULT_TENANT": "",
    "GRAPH_API_URL": f"http://127.0.0.1:{_NOWHERE}",
    "PORT": _NOWHERE,
    "SECURE_SSL_REDIRECT": False,
    "TASKS": {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": []}},
}


@contextmanager
def scratch_world() -> Iterator[World]:
    """Two companies full of marks. All of it is removed at the end, also after a failure.

    For a process of its own: it leads the control alias elsewhere. Raises TenantError.
    """
    name = f"aislamiento_{secrets.token_hex(4)}"
    with (
        TemporaryDirectory() as folder,
        override_settings(DATA_DIR=Path(folder), **_SETTINGS),
        _control_database(_name_of_control(name, folder)),
    ):
        prepare_installation(even_if_switched_off=True)
        with _company(f"{name}_a") as own, _company(f"{name}_b") as other:
            plant(own, rounds=1)
            plant(other, rounds=2)
            plant_registry(other)
            yield World(own, other, registry.control_scope())


def _name_of_control(name: str, folder: str) -> str:
    """Beside the real one, where the service's user may create databases."""
    if is_sqlite(settings.DATABASES[CONTROL_ALIAS]):
        return str(Path(folder) / f"{name}.sqlite3")
    return f"{settings.DATABASES[CONTROL_ALIAS]['NAME'][:32]}_{name}"  # MySQL allows 64 letters


@contextmanager
def _control_database(name: str) -> Iterator[None]:
    real = settings.DATABASES[CONTROL_ALIAS]["NAME"]
    _lead_control_to(name)
    try:
        ensure_control_database()
        try:
            yield
        finally:
            close_all()
            undo(Tenant.single_company(), Made(database=True))
    finally:
        _lead_control_to(real)


def _lead_control_to(name: str) -> None:
    """The alias's settings are one object wherever Django keeps them."""
    close_all()
    settings.DATABASES[CONTROL_ALIAS]["NAME"] = name
    registry.forget()
    schema.forget()


@contextmanager
def _company(name: str) -> Iterator[Company]:
    marks = Marks()
    tenant = Tenant(
        key=name.replace("_", "-"),
        name=marks.text("tenants.tenant.name", Kind.REGISTRY),
        db_name=f"{control_location()['db_name']}{name[-2:]}",
    )
    create_tenant(tenant, metadata=_metadata(marks))
    try:
        numbers = WhatsAppNumber.objects.filter(tenant=tenant)
        second = marks.number("tenants.whatsappnumber.phone_number_id", Kind.REGISTRY)
        numbers.create(tenant=tenant, phone_number_id=second)
        found = list(numbers.order_by("pk").values_list("phone_number_id", flat=True))
        yield Company(tenant, marks, found)
    finally:
        undo(tenant, all_of(tenant))
        shutil.rmtree(settings.UPLOADS_DIR / tenant.key, ignore_errors=True)


def _metadata(marks: Marks) -> dict[str, object]:
    env = {
        name: marks.text(f"tenants.tenant ({name})", Kind.SECRET)
        for name in ("META_TOKEN", "VERIFY_TOKEN", "META_APP_SECRET")
    }
    number = marks.number("tenants.whatsappnumber.phone_number_id", Kind.REGISTRY)
    env |= {"PHONE_NUMBER_ID": number, "FALLBACK_TEXT": _note(marks)}
    return {"env": env, "nota": _note(marks)}


def _note(marks: Marks) -> str:
    return marks.text("tenants.tenant.metadata", Kind.REGISTRY)
