"""The `--tenant` option of commands."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants import registry
from tenants.models import Tenant
from tenants.notices import no_such_company


def add_tenant_option(parser: CommandParser) -> None:
    parser.add_argument("--tenant", default="", help="Clave de la empresa; omitida: la de control.")


def named_company(options: dict[str, Any]) -> Tenant:
    """The company of `--tenant`, suspended or not. Raises CommandError for an unknown key."""
    key = options["tenant"]
    if not key:
        return registry.control_scope()
    return company_named(key)


def company_named(key: str) -> Tenant:
    tenant = registry.by_key(key, include_inactive=True)
    if tenant is None:
        raise CommandError(no_such_company(key))
    return tenant
