"""manage.py migrate, inside the company whose database it migrates.

Third-party migrations ask the router for a database without naming one; without a company that
is an error.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.core.management.commands import migrate

from tenants import registry
from tenants.context import CONTROL_ALIAS, current_tenant, has_tenant, tenant_context
from tenants.models import Tenant
from tenants.schema import has_pending_migrations, stamp_schema


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        with _company_of(alias):
            super().handle(*args, **options)
            if not has_tenant() or has_pending_migrations(alias):
                return
            registry.forget()
            is_control = alias == CONTROL_ALIAS
            stamp_schema(registry.control_scope() if is_control else current_tenant())


def _company_of(alias: str) -> AbstractContextManager[object]:
    """Other aliases exist only where somebody registered a company, which then is active."""
    if alias == CONTROL_ALIAS:
        return tenant_context(Tenant.single_company())
    if has_tenant():
        return nullcontext()
    tenant = Tenant.objects.filter(key=alias.removeprefix("t_")).first()
    return tenant_context(tenant) if tenant is not None else nullcontext()
