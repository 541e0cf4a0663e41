"""manage.py createsuperuser: an admin of a company (--tenant) or of the control database."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.management.base import CommandParser

from tenants.context import CONTROL_ALIAS
from tenants.management.companies import add_tenant_option, inside, named_company
from tenants.models import Role, User
from tenants.seeding import give_roles, seed_roles


class Command(createsuperuser.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_tenant_option(parser)

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Django knows only the flag is_superuser; here what people may do hangs on roles."""
        tenant = named_company(options)
        with inside(tenant):
            seed_roles(tenant)
            known = set(User.objects.values_list("pk", flat=True))
            outcome = super().handle(*args, **{**options, "database": tenant.alias})
            roles = [Role.ADMIN]
            roles += [Role.SUPERADMIN] if tenant.alias == CONTROL_ALIAS else []
            for user in User.objects.exclude(pk__in=known):
                give_roles(user, roles)
        return outcome
