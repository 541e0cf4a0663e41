"""Who edited which rules, when and how; any of it can be undone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatbot import drafts
from chatbot.models import Rule, RuleChange, RuleEdit
from chatbot.publish_pages import render_page
from chatbot.rule_data import RuleData
from chatbot.rule_words import (
    Files,
    RuleWords,
    changed_words,
    file_names,
    gone_words,
    new_words,
)
from chatbot.snapshots import Changed, changed_fields, from_json

A_PAGE = 50
SHOWN = 5  # rules of an edit in the list; its own page shows all
_LIST = "admin:chatbot_rule_edits"


@dataclass(frozen=True)
class Touched:
    """What an edit did to one rule. `kind` is "new", "gone" or "changed"."""

    kind: str
    words: RuleWords


@dataclass(frozen=True)
class Entry:
    """One line of the history: an edit, the first rules it touched, and how many it did."""

    edit: RuleEdit
    touched: Sequence[Touched]
    count: int

    @property
    def names(self) -> list[str]:
        return [f"{one.words.rule.step} · {one.words.rule.trigger}" for one in self.touched]


def show_edits(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    rule_id = _asked_rule(request)
    edits = RuleEdit.objects.select_related("undone_by").order_by("-pk")
    if rule_id is not None:
        edits = edits.filter(pk__in=RuleChange.objects.filter(rule_id=rule_id).values("edit"))
    page = Paginator(edits, A_PAGE).get_page(request.GET.get("p"))
    entries = _entries(page.object_list, rule_id)
    context: dict[str, object] = {
        "page": page,
        "entries": entries,
        "rule_id": rule_id,
        "rule_text": str(rule_id),
    }
    if rule_id is not None:
        rule = Rule.objects.filter(pk=rule_id).first()
        context |= {"rule": rule, "rule_text": str(rule_id), "name": _name(rule, entries)}
    return render_page(admin, request, _("Historial de cambios"), "edits.html", context)


def show_edit(admin: "ModelAdmin[Rule]", request: HttpRequest, pk: int) -> HttpResponse:
    edit = get_object_or_404(RuleEdit.objects.select_related("undone_by"), pk=pk)
    page = Paginator(edit.changes.order_by("pk"), A_PAGE).get_page(request.GET.get("p"))
    touched = _in_words(list(page.object_list))
    entry = Entry(edit, touched, page.paginator.count)
    context = {"page": page, "entry": entry}
    return render_page(admin, request, _("Cambio del historial"), "edit.html", context)


@method_decorator(require_POST)
def undo(admin: "ModelAdmin[Rule]", request: HttpRequest, pk: int) -> HttpResponse:
    edit = get_object_or_404(RuleEdit, pk=pk)
    try:
        drafts.undo(edit, author=str(request.user))
    except drafts.EditConflict as conflict:
        messages.error(request, str(conflict))
    else:
        messages.success(
            request, _("Deshecho en el borrador. Publica para que lo noten tus clientes.")
        )
    return redirect(_LIST)


def of_rule(admin: "ModelAdmin[Rule]", request: HttpRequest, rule_id: int) -> HttpResponse:
    """In the place of the admin's own list of a rule's changes, which knows less."""
    return redirect(f"{reverse(_LIST)}?rule={rule_id}")


def _name(rule: Rule | None, entries: Sequence[Entry]) -> str:
    """Of a rule, also one that is gone."""
    return str(rule) if rule or not entries else entries[0].names[0]


def _asked_rule(request: HttpRequest) -> int | None:
    text = request.GET.get("rule", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _entries(edits: Iterable[RuleEdit], rule_id: int | None) -> list[Entry]:
    shown = list(edits)
    changes = RuleChange.objects.filter(edit__in=[edit.pk for edit in shown])
    counts = dict(changes.order_by().values_list("edit").annotate(rules=Count("pk")))
    if rule_id is not None:
        changes = changes.filter(rule_id=rule_id)
    place = Window(RowNumber(), partition_by=[F("edit_id")], order_by="pk")
    first = changes.annotate(place=place).filter(place__lte=SHOWN).values_list("pk", flat=True)
    found = list(RuleChange.objects.filter(pk__in=list(first)).order_by("pk"))
    touched: defaultdict[int, list[Touched]] = defaultdict(list)
    for change, words in zip(found, _in_words(found), strict=True):
        touched[change.edit_id].append(words)
    return [Entry(edit, touched[edit.pk], counts.get(edit.pk, 0)) for edit in shown]


def _in_words(changes: Sequence[RuleChange]) -> list[Touched]:
    files = file_names(rule for change in changes for rule in _sides(change))
    return [_touched(change, files) for change in changes]


def _sides(change: RuleChange) -> Iterator[RuleData]:
    yield from (from_json(values) for values in (change.before, change.after) if values)


def _touched(change: RuleChange, files: Files) -> Touched:
    if not change.before:
        return Touched("new", new_words(from_json(change.after or {}), files))
    before = from_json(change.before)
    if not change.after:
        return Touched("gone", gone_words(before, files))
    after = from_json(change.after)
    changed = Changed(before, after, changed_fields(before, after))
    return Touched("changed", changed_words(changed, files))
