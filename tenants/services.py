"""Makes, changes and prepares companies: the only writers of the registry."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from tenants import registry
from tenants.context import CONTROL_ALIAS, control_atomic
from tenants.creation_models import CompanyCreation
from tenants.databases import (
    Made,
    ensure_control_database,
    ensure_database,
    finish_database,
    undo,
)
from tenants.errors import TenantError
from tenants.locks import company_lock, installation_lock
from tenants.metadata import read_metadata
from tenants.models import Tenant, WhatsAppNumber, control_location
from tenants.numbers import Number, drop_others, refuse_taken, save_numbers, with_named
from tenants.places import (
    is_in_control,
    locate,
    refuse_foreign_tables,
    refuse_missing_tables,
    require_free,
)
from tenants.progress import SILENT, Progress
from tenants.reasons import as_tenant_error
from tenants.schema import is_behind, migrate_database, stamp_schema
from tenants.seeding import seed_roles, seed_users, set_user_roles

__all__ = [
    "check_tenant",
    "create_tenant",
    "ensure_tenant_schema",
    "migrate_tenant",
    "prepare_installation",
    "seed_users",
    "set_user_roles",
    "update_tenant",
]

logger = logging.getLogger(__name__)
Step = CompanyCreation.Step
# What changes after a company is made, beside the stamps that webhooks, backups and schema write.
_CHANGED = {"name", "active", "paid_until", "metadata", "updated_at"}
_CHANGED |= {"db_user", "db_password", "meta_token", "verify_token", "app_secret"}


def create_tenant(
    tenant: Tenant,
    *,
    metadata: Mapping[str, Any] | None = None,
    init_schema: bool = True,
    numbers: Sequence[Number] = (),
    progress: Progress = SILENT,
) -> Tenant:
    """Register a new company, its database made, migrated and seeded *before* its row exists.

    `tenant` is not saved yet: key, db_name and, where they differ from the control server's,
    db_host, db_port, db_user, db_password. Raises TenantError; then there is no row, and no
    database that was not there before.
    """
    with installation_lock(), as_tenant_error(tenant):
        numbers = check_tenant(tenant, metadata=metadata, numbers=numbers)
        with _database(tenant, progress) if init_schema else nullcontext():
            if init_schema:
                _build_schema(tenant, progress)
            progress.step(Step.REGISTER)
            _save(tenant, numbers)
    registry.forget()
    return tenant


def check_tenant(
    tenant: Tenant,
    *,
    metadata: Mapping[str, Any] | None = None,
    numbers: Sequence[Number] = (),
) -> list[Number]:
    """Complete an unsaved company and its numbers. Raises TenantError when it cannot be made, as
    far as the registry knows."""
    locate(tenant)
    with as_tenant_error(tenant):
        named = _apply_metadata(tenant, {} if metadata is None else metadata)
        wanted = with_named(numbers, named)
        _validate(tenant, wanted)
    return wanted


def update_tenant(
    tenant: Tenant,
    *,
    name: str | None = None,
    db_user: str = "",
    db_password: str = "",
    metadata: Mapping[str, Any] | None = None,
    active: bool | None = None,
    exactly: Mapping[str, Any] | None = None,
    numbers: Sequence[Number] | None = None,
    replace_metadata: bool = False,
) -> Tenant:
    """Change what is given; None and empty credentials leave what there is. Raises TenantError.

    `exactly` sets credentials and `paid_until` as given, to nothing too; `numbers` are all that
    the company has afterwards; `replace_metadata` drops what `metadata` does not name. Key and
    database are for ever. `tenant` stays as it was: the changed company is returned.
    """
    tenant = Tenant.objects.get(pk=tenant.pk)
    given = {"name": name, "active": active}
    given |= {"db_user": db_user or None, "db_password": db_password or None}
    with as_tenant_error(tenant):
        tenant.metadata = {} if replace_metadata else tenant.metadata
        named = _apply_metadata(tenant, {} if metadata is None else metadata)
        _set(tenant, given, exactly or {})
        wanted = with_named(numbers or (), named)
        _validate(tenant, wanted)
        _save(tenant, wanted, drops_others=numbers is not None)
    registry.forget()
    return tenant


def ensure_tenant_schema(tenant: Tenant, progress: Progress = SILENT) -> None:
    """Create the company's database if missing, migrate and seed it. Raises TenantError."""
    with (
        installation_lock(),
        company_lock(tenant),
        as_tenant_error(tenant),
        _database(tenant, progress),
    ):
        _build_schema(tenant, progress)
        tenant.save(update_fields=["db_user", "db_password", "updated_at"])
    registry.forget()


def migrate_tenant(tenant: Tenant) -> bool:
    """Bring one company's database up to the code; whether there was anything to do.
    Safe to repeat after any failure, and beside another process. Raises TenantError."""
    if not is_behind(tenant):
        return False
    with company_lock(tenant):
        if not is_behind(_read_again(tenant)):  # another process has just done it
            return False
        with as_tenant_error(tenant):
            if tenant.alias != CONTROL_ALIAS:
                refuse_missing_tables(tenant)
            migrate_database(tenant)
            seed_roles(tenant)
            stamp_schema(tenant)
    registry.forget()
    return True


def _read_again(tenant: Tenant) -> Tenant:
    if tenant.pk is not None:
        tenant.refresh_from_db(fields=["schema_version"])
    return tenant


def prepare_installation(*, even_if_switched_off: bool = False) -> None:
    """What a start does: control database, its tables, the default company, the first users.

    Idempotent; of several processes that start together one does it while the others wait.
    INIT_DB_ON_START=0 touches nothing. Raises TenantError.
    """
    if not (settings.INIT_DB_ON_START or even_if_switched_off):
        return
    control = Tenant.single_company()
    with as_tenant_error(control), installation_lock():
        ensure_control_database()
        refuse_foreign_tables(control)
        migrate_database(control)
        default = _register_default()
        with company_lock(default):
            _build_schema(default)
        if default.alias != CONTROL_ALIAS:
            _build_schema(registry.control_scope())
        finish_database(control)
    registry.forget()


def _register_default() -> Tenant:
    """The row of DEFAULT_TENANT, made in the control database if there is none; without
    DEFAULT_TENANT, whoever lives there."""
    registry.forget()
    key = settings.DEFAULT_TENANT
    if not key:
        return registry.control_scope()
    tenant = Tenant.objects.filter(key=key).first()
    if tenant is None:
        tenant = Tenant(key=key, name=settings.DEFAULT_TENANT_NAME or key, **control_location())
        _validate(tenant, [])
        _save(tenant, [])
    number = tenant.config.phone_number_id
    if number and not WhatsAppNumber.objects.filter(phone_number_id=number).exists():
        WhatsAppNumber.objects.create(tenant=tenant, phone_number_id=number)
    registry.forget()
    return tenant


@contextmanager
def _database(tenant: Tenant, progress: Progress) -> Iterator[None]:
    """The company's database, made if missing; taken back when what is built in it fails."""
    progress.step(Step.DATABASE)
    is_new = tenant._state.adding
    made = ensure_database(tenant)
    try:
        yield
    except BaseException:
        if not (is_new and _may_be_registered(tenant)):
            _take_back(tenant, made)
        raise
    finish_database(tenant)


def _may_be_registered(tenant: Tenant) -> bool:
    """Whoever interrupts right after the row was written must not take its database away."""
    try:
        return Tenant.objects.filter(key=tenant.key).exists()
    except DatabaseError:
        return True


def _take_back(tenant: Tenant, made: Made) -> None:
    """A server that has gone keeps what was begun; the next try clears it away."""
    try:
        undo(tenant, made)
    except DatabaseError:
        logger.exception("What was made for %s could not be taken back", tenant.key)


def _build_schema(tenant: Tenant, progress: Progress = SILENT) -> None:
    progress.step(Step.TABLES)
    if tenant.alias != CONTROL_ALIAS and not tenant.schema_version:
        refuse_foreign_tables(tenant)
    migrate_database(tenant)
    progress.step(Step.USERS)
    seed_users(tenant)
    stamp_schema(tenant)


def _set(tenant: Tenant, given: Mapping[str, Any], exactly: Mapping[str, Any]) -> None:
    for field, value in given.items():
        if value is not None:
            setattr(tenant, field, value)
    for field, value in exactly.items():
        setattr(tenant, field, value)


def _apply_metadata(tenant: Tenant, metadata: object) -> str:
    """Lay new metadata over the company's; returns the business number it names, if any."""
    given = read_metadata(metadata, tenant.metadata)
    tenant.metadata = given.metadata
    for field, value in given.secrets.items():
        setattr(tenant, field, value)
    return given.phone_number_id


def _validate(tenant: Tenant, numbers: Sequence[Number]) -> None:
    """Raises TenantError or ValidationError, before anything is made."""
    if tenant.db_password and not tenant.db_user:
        raise TenantError(_("Indique también el usuario de la base de datos."))
    require_free(tenant)
    tenant.full_clean(exclude=["db_name"] if is_in_control(tenant) else None)
    refuse_taken(tenant, numbers)


def _save(tenant: Tenant, numbers: Sequence[Number], *, drops_others: bool = False) -> None:
    with control_atomic():
        tenant.save(update_fields=None if tenant._state.adding else _CHANGED)
        if drops_others:
            drop_others(tenant, numbers)
        save_numbers(tenant, numbers)
