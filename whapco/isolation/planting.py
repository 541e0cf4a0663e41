"""Fills a company with one object of every model, a mark in every field that can hold one."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Field, Model
from django.utils import timezone

from chatbot.rule_data import RuleData
from chatbot.snapshots import as_json, pack
from media_pipeline.services import company_folder
from tenants.context import CONTROL_ALIAS, tenant_context
from tenants.models import Tenant
from tenants.routers import is_control
from whapco.isolation.marks import MARK_LENGTH, Kind, Marks
from whapco.lib.fields import EncryptedTextField

FIRST_ID = 5001  # beyond what seeding made
IDS_APART = 1000
# Django's own books; their rows are the same in every company.
_LEFT_OUT = {"contenttypes.contenttype", "auth.permission", "auth.group", "sessions.session"}
_OF_NO_COMPANY = {"tenants.joblease"}


class CannotPlant(Exception):
    """A field whose shape is unknown here. The message says where to register it."""


@dataclass
class Company:
    """A company and what was planted in it: primary keys by model label, oldest first."""

    tenant: Tenant
    marks: Marks
    numbers: list[str]  # its phone_number_ids
    objects: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return str(self.tenant.key)


def plant(company: Company, rounds: int) -> None:
    """One object of every model per round. The first round's ids are the same in every company:
    the hardest neighbours. Raises CannotPlant."""
    with tenant_context(company.tenant):
        for index in range(rounds):
            bed = _Bed(company, index, company.tenant.alias)
            for model in _company_models():
                bed.plant(model)
        _write_files(company)


def plant_registry(company: Company) -> None:
    """One object of every model of the control database, about this company."""
    company.objects["tenants.tenant"] = [company.tenant.pk]
    numbers = company.tenant.numbers.order_by("pk")
    company.objects["tenants.whatsappnumber"] = list(numbers.values_list("pk", flat=True))
    bed = _Bed(company, 0, CONTROL_ALIAS)
    for model in apps.get_models():
        if is_control(model) and model._meta.label_lower not in _OF_NO_COMPANY | set(
            company.objects
        ):
            bed.plant(model)


def _company_models() -> list[type[Model]]:
    """Parents before children."""
    ordered: list[type[Model]] = []
    for model in apps.get_models(include_auto_created=True):
        if not is_control(model):
            _visit(model, ordered, set())
    return ordered


def _visit(model: type[Model], ordered: list[type[Model]], above: set[type[Model]]) -> None:
    if model in ordered or model in above or model._meta.label_lower in _LEFT_OUT:
        return
    for parent in _parents(model):
        _visit(parent, ordered, above | {model})
    ordered.append(model)


def _parents(model: type[Model]) -> Iterator[type[Model]]:
    for each in model._meta.concrete_fields:
        if isinstance(each, models.ForeignKey):
            yield each.related_model


@dataclass
class _Bed:
    company: Company
    index: int
    alias: str

    def plant(self, model: type[Model]) -> None:
        values = {each.attname: self._value(each) for each in model._meta.concrete_fields}
        if any(values[each.attname] is _UNKNOWN for each in model._meta.concrete_fields):
            return  # hangs on one of Django's own books: user_permissions, user_groups
        planted = model._default_manager.using(self.alias).bulk_create([model(**values)])[0]
        self.company.objects.setdefault(model._meta.label_lower, []).append(planted.pk)

    def _value(self, each: "Field[Any, Any]") -> Any:
        shape = SHAPES.get(_place(each))
        if shape is not None:
            return shape(self, _place(each))
        if isinstance(each, models.ForeignKey):
            return self._parent(each)
        if each.primary_key and isinstance(each, models.AutoField):
            return FIRST_ID + IDS_APART * self.index
        if each.flatchoices:
            # One of each where no two may be alike.
            return each.flatchoices[self.index if each.unique else 0][0]
        return self._plain(each)

    def _parent(self, each: "models.ForeignKey[Any, Any]") -> Any:
        planted = self.company.objects.get(each.related_model._meta.label_lower, [])
        if len(planted) > self.index:
            return planted[self.index]
        return None if each.null else _UNKNOWN

    def _plain(self, each: "Field[Any, Any]") -> Any:
        if each.has_default() and each.get_default() not in ("", None, {}, []):
            return each.get_default()
        for kind, make in _PLAIN.items():
            if isinstance(each, kind):
                return make(self, each)
        if each.null:
            return None
        raise CannotPlant(
            f"{_place(each)} is a {type(each).__name__}: say what to plant in it, in SHAPES of "
            "whapco/isolation/planting.py."
        )

    def mark(self, each: "Field[Any, Any]") -> str:
        return self.company.marks.text(_place(each), _kind(each))

    def short_mark(self, each: "Field[Any, Any]") -> str | None:
        if each.max_length is not None and each.max_length < MARK_LENGTH:
            return None if each.null else ""
        return self.mark(each)


_UNKNOWN = object()


def _place(each: "Field[Any, Any]") -> str:
    return f"{each.model._meta.label_lower}.{each.name}"


# What Meta says of a number, on the superadmins' page of it: no words of customers.
_OF_THE_LINE = frozenset({"conversations.numberstate", "conversations.accountevent"})


def _kind(each: "Field[Any, Any]") -> Kind:
    if isinstance(each, EncryptedTextField) or each.name == "password":
        return Kind.SECRET
    if is_control(each.model):
        return Kind.REGISTRY
    if each.model._meta.label_lower in _OF_THE_LINE:
        return Kind.REGISTRY
    return Kind.PEOPLE if each.model._meta.app_label == "tenants" else Kind.DATA


# By the field's class, the more special before the more general.
_PLAIN: dict[type["Field[Any, Any]"], Callable[[_Bed, Any], Any]] = {
    models.EmailField: lambda bed, each: f"{bed.mark(each)}@example.com",
    models.URLField: lambda bed, each: f"https://example.com/{bed.mark(each)}",
    models.CharField: _Bed.short_mark,
    models.TextField: _Bed.mark,
    models.JSONField: lambda bed, each: {"text": bed.mark(each)},
    models.BooleanField: lambda bed, each: False,
    models.IntegerField: lambda bed, each: 1,
    models.FloatField: lambda bed, each: 1.0,
    models.DecimalField: lambda bed, each: 1,
    models.UUIDField: lambda bed, each: uuid.uuid4(),
    models.DateTimeField: lambda bed, each: timezone.now(),
    models.DateField: lambda bed, each: timezone.localdate(),
    models.GenericIPAddressField: lambda bed, each: "203.0.113.9",
}


def _number(bed: _Bed, place: str) -> str:
    return bed.company.numbers[bed.index]


def _rule_type(bed: _Bed, place: str) -> int:
    rule = apps.get_model("chatbot", "Rule")
    return int(ContentType.objects.get_for_model(rule).pk)


def _rule(bed: _Bed, place: str) -> RuleData:
    return RuleData(FIRST_ID, "menu_principal", "iniciar", reply=bed.company.marks.text(place))


def _turns(bed: _Bed, place: str) -> list[dict[str, Any]]:
    return [{"say": bed.company.marks.text(place), "expect": [], "step": ""}]


# Fields whose text must have a shape for the pages to show it.
SHAPES: dict[str, Callable[[_Bed, str], Any]] = {
    "admin.logentry.content_type": _rule_type,
    "chatbot.rulebookrelease.number": lambda bed, place: FIRST_ID + IDS_APART * bed.index,
    "chatbot.rulebookrelease.rules": lambda bed, place: pack([_rule(bed, place)]),
    "chatbot.rulechange.after": lambda bed, place: as_json(_rule(bed, place)),
    "chatbot.rulechange.before": lambda bed, place: as_json(_rule(bed, place)),
    "chatbot.scenario.turns": _turns,
    "conversations.contact.wa_id": lambda bed, place: bed.company.marks.number(place),
    "conversations.conversation.phone_number_id": _number,
    "conversations.conversation.window_closes_at": lambda bed, place: (
        timezone.now() + timedelta(days=1)
    ),
    "conversations.message.payload": lambda bed, place: {
        "type": "text",
        "text": {"body": bed.company.marks.text(place)},
    },
    "conversations.numberstate.phone_number_id": _number,
    "media_pipeline.mediafile.mime_type": lambda bed, place: "text/plain",
    "media_pipeline.mediafile.path": lambda bed, place: f"{bed.company.marks.text(place)}.txt",
    "tenants.user.is_active": lambda bed, place: True,
}


def _write_files(company: Company) -> None:
    """The bytes behind the planted MediaFile rows."""
    model = apps.get_model("media_pipeline", "MediaFile")
    for path in model._default_manager.values_list("path", flat=True):
        content = company.marks.text("media_pipeline.mediafile (bytes)")
        (company_folder() / path).write_text(content)
