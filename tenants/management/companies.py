"""How commands find a company, and get into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from tenants import registry
from tenants.context import tenant_context
from tenants.databases import is_outage
from tenants.models import Tenant
from tenants.notices import no_such_company
from tenants.reasons import explain, sealed
from whapco.lib.fields import DecryptError


def add_tenant_option(parser: CommandParser) -> None:
    parser.add_argument("--tenant", default="", help="Clave de la empresa; omitida: la de control.")


def named_company(options: dict[str, Any]) -> Tenant:
    """The company of `--tenant`, suspended or not. Raises CommandError for an unknown key."""
    key = options["tenant"]
    if not key:
        return registry.control_scope()
    return company_named(key)


def company_named(key: str) -> Tenant:
    try:
        tenant = registry.by_key(key, include_inactive=True)
    except DecryptError:
        raise CommandError(sealed()) from None
    if tenant is None:
        raise CommandError(no_such_company(key))
    return tenant


@contextmanager
def inside(tenant: Tenant) -> Iterator[None]:
    """The company's context. Raises CommandError when its database does not answer."""
    try:
        with tenant_context(tenant):
            yield
    except DatabaseError as error:
        if not is_outage(error):
            raise
        raise CommandError(explain(tenant, error)) from error
