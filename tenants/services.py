"""Makes, changes and prepares companies: the only writers of the registry."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError
from django.utils.translation import gettext as _

from tenants import registry
from tenants.context import CONTROL_ALIAS, control_atomic
from tenants.databases import Made, ensure_control_database, ensure_database, undo
from tenants.errors import TenantError
from tenants.locks import installation_lock
from tenants.metadata import read_metadata
from tenants.models import Tenant, WhatsAppNumber, control_location
from tenants.places import is_in_control, locate, refuse_foreign_tables, require_free
from tenants.schema import is_behind, migrate_database, stamp_schema
from tenants.seeding import seed_roles, seed_users, set_user_roles

__all__ = [
    "create_tenant",
    "ensure_tenant_schema",
    "migrate_tenant",
    "prepare_installation",
    "seed_users",
    "set_user_roles",
    "update_tenant",
]


def create_tenant(
    tenant: Tenant, *, metadata: Mapping[str, Any] | None = None, init_schema: bool = True
) -> Tenant:
    """Register a new company, its database made, migrated and seeded *before* its row exists.

    `tenant` is not saved yet: key, db_name and, where they differ from the control server's,
    db_host, db_port, db_user, db_password. Raises TenantError; then there is no row, and no
    database that was not there before.
    """
    locate(tenant)
    with installation_lock(), _as_tenant_error(tenant):
        number = _apply_metadata(tenant, {} if metadata is None else metadata)
        _validate(tenant, number)
        made = ensure_database(tenant) if init_schema else Made()
        try:
            if init_schema:
                _build_schema(tenant)
            _save(tenant, number)
        except BaseException:
            undo(tenant, made)
            raise
    registry.forget()
    return tenant


def update_tenant(
    tenant: Tenant,
    *,
    name: str | None = None,
    db_user: str = "",
    db_password: str = "",
    metadata: Mapping[str, Any] | None = None,
    active: bool | None = None,
) -> Tenant:
    """Change what is given; None and empty credentials leave what there is.

    Its key and its database are for ever. Raises TenantError; `tenant` itself stays as it was,
    the changed company is what is returned.
    """
    tenant = Tenant.objects.get(pk=tenant.pk)
    tenant.name = tenant.name if name is None else name
    tenant.active = tenant.active if active is None else active
    tenant.db_user = db_user or tenant.db_user
    tenant.db_password = db_password or tenant.db_password
    with _as_tenant_error(tenant):
        number = _apply_metadata(tenant, {} if metadata is None else metadata)
        _validate(tenant, number)
        _save(tenant, number)
    registry.forget()
    return tenant


def ensure_tenant_schema(tenant: Tenant) -> None:
    """Create the company's database if missing, migrate and seed it. Raises TenantError."""
    with installation_lock(), _as_tenant_error(tenant):
        made = ensure_database(tenant)
        try:
            _build_schema(tenant)
        except BaseException:
            undo(tenant, made)
            raise
    registry.forget()


def migrate_tenant(tenant: Tenant) -> bool:
    """Bring one company's database up to the code; whether there was anything to do.
    Safe to repeat after any failure. Raises TenantError."""
    if not is_behind(tenant):
        return False
    with _as_tenant_error(tenant):
        migrate_database(tenant)
        seed_roles(tenant)
        stamp_schema(tenant)
    registry.forget()
    return True


def prepare_installation(*, even_if_switched_off: bool = False) -> None:
    """What a start does: control database, its tables, the default company, the first users.

    Idempotent; of several processes that start together one does it while the others wait.
    INIT_DB_ON_START=0 touches nothing. Raises TenantError.
    """
    if not (settings.INIT_DB_ON_START or even_if_switched_off):
        return
    control = Tenant.single_company()
    with _as_tenant_error(control):
        ensure_control_database()
        with installation_lock():
            refuse_foreign_tables(control)
            migrate_database(control)
            default = _register_default()
            _build_schema(default)
            if default.alias != CONTROL_ALIAS:
                _build_schema(registry.control_scope())
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
        _validate(tenant, "")
        _save(tenant, "")
    number = tenant.config.phone_number_id
    if number and not WhatsAppNumber.objects.filter(phone_number_id=number).exists():
        WhatsAppNumber.objects.create(tenant=tenant, phone_number_id=number)
    registry.forget()
    return tenant


def _build_schema(tenant: Tenant) -> None:
    if tenant.alias != CONTROL_ALIAS and not tenant.schema_version:
        refuse_foreign_tables(tenant)
    migrate_database(tenant)
    seed_users(tenant)
    stamp_schema(tenant)


def _apply_metadata(tenant: Tenant, metadata: object) -> str:
    """Lay new metadata over the company's; returns the business number it names, if any."""
    given = read_metadata(metadata, tenant.metadata)
    tenant.metadata = given.metadata
    for field, value in given.secrets.items():
        setattr(tenant, field, value)
    return given.phone_number_id


def _validate(tenant: Tenant, number: str) -> None:
    """Raises TenantError or ValidationError, before anything is made."""
    if tenant.db_password and not tenant.db_user:
        raise TenantError(_("Indique también el usuario de la base de datos."))
    require_free(tenant)
    tenant.full_clean(exclude=["db_name"] if is_in_control(tenant) else None)
    taken = WhatsAppNumber.objects.filter(phone_number_id=number).exclude(tenant_id=tenant.pk)
    if owned := taken.select_related("tenant").first():
        raise TenantError(
            _("El número %(number)s pertenece a la empresa '%(key)s'.")
            % {"number": number, "key": owned.tenant.key}
        )


def _save(tenant: Tenant, number: str) -> None:
    with control_atomic():
        tenant.save()
        if number:
            WhatsAppNumber.objects.get_or_create(tenant=tenant, phone_number_id=number)


@contextmanager
def _as_tenant_error(tenant: Tenant) -> Iterator[None]:
    """One kind of error for the panel and the commands, worded for who reads it there."""
    try:
        yield
    except ValidationError as error:
        raise TenantError(" ".join(_worded(tenant, error))) from error
    except IntegrityError as error:
        raise TenantError(_("Otra empresa acaba de tomar esa clave, base o número.")) from error
    except DatabaseError as error:
        raise TenantError(
            _("La base de datos '%(name)s' respondió: %(reason)s")
            % {"name": tenant.db_name, "reason": error}
        ) from error


def _worded(tenant: Tenant, error: ValidationError) -> Iterator[str]:
    names = {field.name: field.verbose_name for field in tenant._meta.fields}
    for field, messages in error.message_dict.items():
        label = "" if field == "__all__" else f"{names[field]}: "
        yield from (f"{label}{message}" for message in messages)
