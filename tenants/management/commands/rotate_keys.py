"""manage.py rotate_keys: encrypt every stored secret again, with the first key of FIELD_KEYS."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from tenants import registry
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.routers import is_control
from whapco.lib.fields import DecryptError, EncryptedTextField, decrypt, is_under_first_key


class Command(BaseCommand):
    help = (
        "Cifra de nuevo los secretos guardados con la primera clave de FIELD_KEYS. Cuando termina "
        "sin errores, las demás claves se pueden quitar."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        rotated, unreadable = _rotate_all(_models(of_control=True))
        company_models = _models(of_control=False)
        if company_models and not unreadable:  # without passwords there is no way in
            for tenant in [*Tenant.objects.filter(removed_at=None), Tenant.single_company()]:
                with tenant_context(tenant):
                    more, bad = _rotate_all(company_models)
                rotated, unreadable = rotated + more, unreadable + bad
        registry.forget()
        self.stdout.write(_("Secretos cifrados de nuevo: %(count)d.") % {"count": rotated})
        if unreadable:
            raise CommandError(
                _("Ninguna clave de FIELD_KEYS abre: %(names)s.") % {"names": ", ".join(unreadable)}
            )


def _models(*, of_control: bool) -> list[type[Model]]:
    return [
        model
        for model in apps.get_models()
        if is_control(model) == of_control and _secret_fields(model)
    ]


def _secret_fields(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)]


def _rotate_all(models: list[type[Model]]) -> tuple[int, list[str]]:
    rotated, unreadable = 0, []
    for model in models:
        for field in _secret_fields(model):
            count, bad = _rotate(model, field)
            rotated += count
            unreadable += bad
    return rotated, unreadable


def _rotate(model: type[Model], field: str) -> tuple[int, list[str]]:
    """How many were on an older key, and the rows that no key opens.

    A secret saved by somebody else between the read and the write is left as they saved it.
    """
    rows = model._default_manager.annotate(stored=Cast(field, TextField())).exclude(stored="")
    rotated, unreadable = 0, []
    for pk, stored in list(rows.values_list("pk", "stored")):
        if is_under_first_key(stored):
            continue
        try:
            secret = decrypt(stored)
        except DecryptError:
            unreadable.append(f"{model._meta.label}.{field} #{pk}")
            continue
        rotated += rows.filter(pk=pk, stored=stored).update(**{field: secret})
    return rotated, unreadable
