"""manage.py changepassword, for a user of a company (--tenant) or of the control database."""

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandParser

from tenants.management.companies import add_tenant_option, inside, named_company


class Command(changepassword.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_tenant_option(parser)

    def handle(self, *args: Any, **options: Any) -> str | None:
        tenant = named_company(options)
        with inside(tenant):
            return super().handle(*args, **{**options, "database": tenant.alias})
