"""manage.py runserver: prepares the databases before Django looks at their migrations."""

from django.contrib.staticfiles.management.commands import runserver

from tenants.services import prepare_installation


class Command(runserver.Command):
    def check_migrations(self) -> None:
        prepare_installation()
        super().check_migrations()
