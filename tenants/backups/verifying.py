"""Proves that the newest dump of each company can be restored: it is, in a scratch database."""

from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError
from django.utils.translation import gettext as _

from tenants.backups import layout
from tenants.backups.copies import copy_of
from tenants.backups.errors import BackupError
from tenants.backups.restoring import load_checked, require_fitting
from tenants.models import Tenant


@dataclass(frozen=True)
class Verified:
    """`rows` restored, or why not. Without dump: there is none."""

    tenant: Tenant
    dump: Path | None
    rows: int = 0
    error: str = ""


def verify(tenant: Tenant, folder: Path) -> Verified:
    """Nothing of it stays, whatever happens."""
    dump = next(reversed(layout.dumps_of(folder, tenant.db_name)), None)
    if dump is None:
        return Verified(tenant, None, error=_("no tiene respaldo"))
    try:
        require_fitting(tenant, dump)
        copy = copy_of(tenant, purpose="verify")
        load_checked(copy, dump)
        try:
            return Verified(tenant, dump, sum(copy.count_rows().values()))
        finally:
            copy.drop()
    except (BackupError, DatabaseError, OSError) as error:
        return Verified(tenant, dump, error=str(error))
