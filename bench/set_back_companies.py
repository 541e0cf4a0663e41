"""Puts the first companies, as many as the argument says, back to before the last migration of an
app, as if a release with one migration had just been installed."""

import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from tenants.context import tenant_context  # noqa: E402
from tenants.models import Tenant  # noqa: E402

for tenant in Tenant.objects.filter(key__startswith="c0").order_by("key")[: int(sys.argv[1])]:
    with tenant_context(tenant):
        call_command("migrate", "axes", "0009_add_session_hash", database=tenant.alias, verbosity=0)
    Tenant.objects.filter(pk=tenant.pk).update(schema_version="00001-before")
