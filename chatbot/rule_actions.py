"""What is done to several rules at once, each time as one edit that can be undone."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chatbot.models import Rule, RuleEdit
from chatbot.rule_copies import copy
from chatbot.rule_messages import told_editing
from tenants.models import Role
from whapco.lib.text import normalize_step

COPIES_AT_ONCE = 500  # each copy is a row of its own, and somebody waits
FARTHEST = 100_000  # priorities to add or take away
Rules = QuerySet[Rule]
Change = Callable[[Rules], object]


class RuleActionForm(ActionForm):
    """What the chosen action needs to know. The script shows the box of the chosen one alone."""

    to_step = forms.CharField(
        label=gettext_lazy("Paso"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"list": "steps", "data-of": "change_step"}),
    )
    to_role = forms.ChoiceField(
        label=gettext_lazy("Rol"),
        required=False,
        widget=forms.Select(attrs={"data-of": "change_role"}),
    )
    add = forms.IntegerField(
        label=gettext_lazy("Sumar a la prioridad"),
        required=False,
        min_value=-FARTHEST,
        max_value=FARTHEST,
        widget=forms.NumberInput(attrs={"data-of": "change_priority", "placeholder": "10"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = Role.objects.exclude(keyword=Role.SUPERADMIN).order_by("name")
        told = [(role.keyword, role.name) for role in roles]
        self.fields["to_role"].choices = [("", _("Nadie")), *told]  # type: ignore[attr-defined]


@admin.action(description=gettext_lazy("Cambiar de paso"), permissions=["change"])
def change_step(page: Any, request: HttpRequest, queryset: Rules) -> None:
    step = normalize_step(request.POST.get("to_step", ""))
    if not step or len(step) > 120:
        messages.error(request, _("Escribe a qué paso pasan las reglas elegidas."))
        return
    title = _("Pasó reglas a «%(step)s»") % {"step": step}
    _change(request, queryset, title, lambda rules: rules.update(step=step))


@admin.action(description=gettext_lazy("Cambiar el rol"), permissions=["change"])
def change_role(page: Any, request: HttpRequest, queryset: Rules) -> None:
    role = request.POST.get("to_role", "")
    if role and not Role.objects.filter(keyword=role).exclude(keyword=Role.SUPERADMIN).exists():
        messages.error(request, _("Ese rol ya no existe: elige otro."))
        return
    title = _("Cambió el rol a «%(role)s»") % {"role": role} if role else _("Quitó el rol")
    _change(request, queryset, title, lambda rules: rules.update(role_keyword=role))


@admin.action(description=gettext_lazy("Sumar a la prioridad"), permissions=["change"])
def change_priority(page: Any, request: HttpRequest, queryset: Rules) -> None:
    try:
        number = int(request.POST.get("add", ""))
    except ValueError:
        number = 0
    if not number or abs(number) > FARTHEST:
        messages.error(request, _("Escribe cuánto sumar a la prioridad: 10, o -10 para restar."))
        return
    title = _("Sumó %(number)+d a la prioridad") % {"number": number}
    _change(request, queryset, title, lambda rules: rules.update(priority=F("priority") + number))


@admin.action(description=gettext_lazy("Duplicar"), permissions=["add"])
def duplicate(page: Any, request: HttpRequest, queryset: Rules) -> None:
    if queryset.count() > COPIES_AT_ONCE:
        said = _("Elige hasta %(limit)d reglas para duplicar.") % {"limit": COPIES_AT_ONCE}
        messages.error(request, said)
        return
    _change(request, queryset, _("Duplicó reglas"), lambda rules: [copy(each) for each in rules])


ACTIONS = (change_step, change_role, change_priority, duplicate)


def _change(request: HttpRequest, queryset: Rules, title: str, change: Change) -> None:
    ids = list(queryset.values_list("pk", flat=True))
    done = title + " " + ngettext("(%(n)d regla).", "(%(n)d reglas).", len(ids)) % {"n": len(ids)}
    with told_editing(request, RuleEdit.Kind.BULK, title=title, done=done) as edit:
        edit.will_change(ids)
        change(Rule.objects.filter(pk__in=ids).order_by("pk"))
