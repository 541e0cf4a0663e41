"""manage.py rotate_keys: encrypt every stored secret again, with the first key of FIELD_KEYS."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.db.models import Model, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from tenants import registry
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.routers import is_control
from whapco.lib.fields import DecryptError, EncryptedTextField, decrypt, is_under_first_key

_BATCH = 500  # rows
_LISTED = 20  # rows named when no key opens them


@dataclass
class Tally:
    """What a run did. Rows as `app.Model.field #pk`, companies by their key."""

    rotated: int = 0
    unreadable: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)


class Command(BaseCommand):
    help = (
        "Cifra de nuevo los secretos guardados con la primera clave de FIELD_KEYS. Cuando termina "
        "sin errores, las demás claves se pueden quitar. Se puede repetir."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        tally = Tally()
        _rotate_all(_models(of_control=True), tally)
        if not tally.unreadable:  # without passwords there is no way into a company
            _rotate_companies(_models(of_control=False), tally)
        registry.forget()
        self.stdout.write(_("Secretos cifrados de nuevo: %(count)d.") % {"count": tally.rotated})
        left = list(_sentences(tally))
        if left:
            raise CommandError(" ".join([*left, _("No quites todavía las claves anteriores.")]))


def _sentences(tally: Tally) -> Iterator[str]:
    if tally.unreadable:
        rest = len(tally.unreadable) - _LISTED
        names = ", ".join(tally.unreadable[:_LISTED]) + (f" (+{rest})" if rest > 0 else "")
        yield _("Ninguna clave de FIELD_KEYS abre: %(names)s.") % {"names": names}
    if tally.unreached:
        names = ", ".join(tally.unreached)
        yield _("Siguen con la clave anterior, porque su base no respondió: %(names)s.") % {
            "names": names
        }


def _rotate_companies(models: list[type[Model]], tally: Tally) -> None:
    """Suspended ones too: they come back. One that does not answer does not stop the others."""
    if not models:
        return
    for tenant in [*Tenant.objects.filter(removed_at=None), Tenant.single_company()]:
        try:
            with tenant_context(tenant):
                _rotate_all(models, tally)
        except DatabaseError:
            tally.unreached.append(tenant.key)


def _models(*, of_control: bool) -> list[type[Model]]:
    return [
        model
        for model in apps.get_models()
        if is_control(model) == of_control and _secret_fields(model)
    ]


def _secret_fields(model: type[Model]) -> list[str]:
    return [each.name for each in model._meta.fields if isinstance(each, EncryptedTextField)]


def _rotate_all(models: list[type[Model]], tally: Tally) -> None:
    for model in models:
        for name in _secret_fields(model):
            for batch in _batches(model, name):
                _rotate(model, name, batch, tally)


def _batches(model: type[Model], name: str) -> Iterator[list[tuple[Any, str]]]:
    """(primary key, ciphertext) of those that are set, in order."""
    rows = _stored(model, name).order_by("pk")
    batch = list(rows.values_list("pk", "stored")[:_BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1][0]).values_list("pk", "stored")[:_BATCH])


def _stored(model: type[Model], name: str) -> QuerySet[Any]:
    return model._default_manager.annotate(stored=Cast(name, TextField())).filter(stored__gt="")


def _rotate(model: type[Model], name: str, batch: list[tuple[Any, str]], tally: Tally) -> None:
    """A secret saved by somebody else between the read and the write is left as they saved it."""
    for pk, stored in batch:
        if is_under_first_key(stored):
            continue
        try:
            secret = decrypt(stored)
        except DecryptError:
            tally.unreadable.append(f"{model._meta.label}.{name} #{pk}")
            continue
        row = _stored(model, name).filter(pk=pk, stored=stored)
        tally.rotated += row.update(**{name: secret})
