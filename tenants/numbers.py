"""The business numbers of a company: each has one owner in the whole installation."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.errors import TenantError
from tenants.models import Tenant, WhatsAppNumber


@dataclass(frozen=True)
class Number:
    """A number as it is given; `waba_id` and `display_phone_number` may be unknown."""

    phone_number_id: str
    waba_id: str = ""
    display_phone_number: str = ""


def with_named(numbers: Sequence[Number], phone_number_id: str) -> list[Number]:
    """`numbers`, and the one that the metadata name, if any, when it is not among them."""
    known = {number.phone_number_id for number in numbers}
    if not phone_number_id or phone_number_id in known:
        return list(numbers)
    return [*numbers, Number(phone_number_id)]


def owner_key(phone_number_id: str, *, but: Tenant) -> str | None:
    """The key of the other company that has the number."""
    taken = WhatsAppNumber.objects.filter(phone_number_id=phone_number_id)
    return taken.exclude(tenant_id=but.pk).values_list("tenant__key", flat=True).first()


def refuse_taken(tenant: Tenant, numbers: Sequence[Number]) -> None:
    """Raises TenantError for a number of another company, ValidationError for no number at all."""
    for number in numbers:
        if key := owner_key(number.phone_number_id, but=tenant):
            raise TenantError(taken_sentence(number.phone_number_id, key))
        row = WhatsAppNumber(**vars(number))
        try:
            row.full_clean(exclude=["tenant"], validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            raise TenantError(
                _("'%(number)s' no es un id de número de WhatsApp.")
                % {"number": number.phone_number_id}
            ) from error


def taken_sentence(phone_number_id: str, key: str) -> str:
    return _("El número %(number)s pertenece a la empresa '%(key)s'.") % {
        "number": phone_number_id,
        "key": key,
    }


def save_numbers(tenant: Tenant, numbers: Sequence[Number]) -> None:
    """Write down `numbers`. An account that a webhook has shown is not forgotten for an empty
    one."""
    for number in numbers:
        given = {name: value for name, value in vars(number).items() if value}
        WhatsAppNumber.objects.update_or_create(
            tenant=tenant, phone_number_id=given.pop("phone_number_id"), defaults=given
        )


def drop_others(tenant: Tenant, numbers: Sequence[Number]) -> None:
    kept = [number.phone_number_id for number in numbers]
    tenant.numbers.exclude(phone_number_id__in=kept).delete()
