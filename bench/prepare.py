"""Fills a fresh installation: arguments are how many companies, how many messages are stored
before, and of how many contacts. One company is that of an installation without registry; the
history is in the first."""

import sys

import django

django.setup()

from menu import write_menu  # noqa: E402
from prepare_companies import fill  # noqa: E402

from tenants import registry  # noqa: E402
from tenants.context import tenant_context  # noqa: E402
from tenants.services import prepare_installation  # noqa: E402

companies, history, contacts = (int(argument) for argument in sys.argv[1:])
prepare_installation()
if companies == 1:
    first = registry.control_scope()
    with tenant_context(first):
        write_menu()
else:
    first = fill(companies, made=1, prepare=write_menu)[0]
if history:
    import fill_history

    with tenant_context(first):
        fill_history.fill(history, contacts)
