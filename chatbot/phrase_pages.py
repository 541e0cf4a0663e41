"""Phrases that no rule understood: the list, and teaching a rule one of them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from chatbot import phrases, rulebooks, synonyms
from chatbot.models import Rule, RuleEdit, UnmatchedPhrase
from chatbot.page_context import page_context
from chatbot.rule_data import CONTAINS, RuleData
from chatbot.rulebook import Rulebook
from whapco.lib.text import normalize_text

PER_PAGE = 50
TABS = ("pendientes", "resueltas", "ignoradas")
SHOWN = 20  # phrases in a preview


@dataclass(frozen=True)
class Shelf:
    """The phrases kept, by tab."""

    pendientes: list[UnmatchedPhrase]
    resueltas: list[UnmatchedPhrase]
    ignoradas: list[UnmatchedPhrase]


def show_phrases(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    shelf = _shelf(rulebooks.draft())
    tab = request.GET.get("ver", "")
    tab = tab if tab in TABS else TABS[0]
    query = request.GET.get("q", "").strip()
    found = [one for one in getattr(shelf, tab) if _holds(one, query)]
    context = page_context(admin, request, _("Frases que el bot no entendió")) | {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("p")),
        "tab": tab,
        "tabs": _tabs(shelf),
        "query": query,
        "query_text": quote(query),
        "edit": _undoable(request),
    }
    return render(request, "admin/chatbot/rule/phrases.html", context)


def show_phrase(admin: "ModelAdmin[Rule]", request: HttpRequest, pk: int) -> HttpResponse:
    """One phrase: which rule should know it, and what else that rule would understand then."""
    phrase = get_object_or_404(UnmatchedPhrase, pk=pk)
    if request.method == "POST":
        return _act(request, phrase)
    rules = [rule for rule in synonyms.rules_at(phrase.step) if synonyms.can_be_taught(rule)]
    form = TeachForm(rules, request.GET if "rule" in request.GET else None, phrase=phrase)
    context = page_context(admin, request, _("Agregar como sinónimo")) | {
        "phrase": phrase,
        "rules": rules,
        "form": form,
        "preview": _preview(form, phrase) if form.is_valid() else None,
    }
    return render(request, "admin/chatbot/rule/phrase.html", context)


class TeachForm(forms.Form):
    rule = forms.TypedChoiceField(coerce=int, widget=forms.RadioSelect, label="")
    words = forms.CharField(max_length=synonyms.WORDS_LIMIT, strip=True)
    match = forms.ChoiceField(choices=Rule.Match.choices, required=False)

    def __init__(
        self, rules: list[RuleData], data: Any = None, *, phrase: UnmatchedPhrase | None = None
    ) -> None:
        super().__init__(data, initial={"words": phrase.phrase if phrase else ""})
        self.rules = {rule.id: rule for rule in rules}
        self.fields["rule"].choices = [(rule.id, rule.trigger) for rule in rules]  # type: ignore[attr-defined]

    def clean_words(self) -> str:
        try:
            return synonyms.check_words(self.cleaned_data["words"])
        except synonyms.BadWords as reason:
            raise forms.ValidationError(str(reason)) from None

    def clean(self) -> dict[str, Any]:
        """Without a choice the rule compares as it did."""
        cleaned = super().clean() or {}
        rule = self.rules.get(cleaned.get("rule", 0))
        if rule is not None and not cleaned.get("match"):
            cleaned["match"] = rule.match
        return cleaned


def _act(request: HttpRequest, phrase: UnmatchedPhrase) -> HttpResponse:
    action = request.POST.get("action")
    listed = redirect("admin:chatbot_rule_phrases")
    if action == "add":
        return _teach(request, phrase)
    if action in ("dismiss", "restore"):
        phrase.dismissed_at = timezone.now() if action == "dismiss" else None
        phrase.save(update_fields=["dismissed_at"])
        said = (
            _("Se ignora «%(text)s».")
            if action == "dismiss"
            else _("«%(text)s» vuelve a la lista.")
        )
        messages.success(request, said % {"text": phrase.example})
    return listed


def _teach(request: HttpRequest, phrase: UnmatchedPhrase) -> HttpResponse:
    form = TeachForm(synonyms.rules_at(phrase.step), request.POST)
    if not form.is_valid():
        reasons = [str(reason) for found in form.errors.values() for reason in found]
        messages.error(request, " ".join(reasons))
        return redirect("admin:chatbot_rule_phrase", pk=phrase.pk)
    data = form.cleaned_data
    try:
        edit = synonyms.teach(data["rule"], data["words"], data["match"], author=str(request.user))
    except Rule.DoesNotExist:
        messages.error(request, _("Alguien borró esa regla. Elige otra."))
        return redirect("admin:chatbot_rule_phrase", pk=phrase.pk)
    if edit is None:
        messages.info(request, _("La regla ya tenía esas palabras."))
    listed = reverse("admin:chatbot_rule_phrases")
    return redirect(f"{listed}?edit={edit.pk}" if edit else listed)


def _preview(form: TeachForm, phrase: UnmatchedPhrase) -> list[dict[str, Any]]:
    """For each way to compare: the phrases that the rule would take then, and their messages."""
    data = form.cleaned_data
    rule = form.rules[data["rule"]]
    said = list(UnmatchedPhrase.objects.filter(step=phrase.step).order_by("-times")[: phrases.KEPT])
    rules = synonyms.rules_at(phrase.step)
    ways = []
    for match, label in Rule.Match.choices:
        taught = synonyms.with_words(rule, data["words"], match)
        takes = synonyms.newly_understood(rules, taught, said)
        ways.append(
            {
                "match": match,
                "label": label,
                "chosen": match == data["match"],
                "changes": match != rule.match,
                "others": match == CONTAINS != rule.match,
                "phrases": takes[:SHOWN],
                "more": max(0, len(takes) - SHOWN),
                "messages": sum(one.times for one in takes),
                "trigger": taught.trigger,
            }
        )
    return ways


def _shelf(draft: Rulebook) -> Shelf:
    shelf = Shelf([], [], [])
    for phrase in UnmatchedPhrase.objects.order_by("-times", "-last_at")[: phrases.KEPT]:
        if phrase.dismissed_at is not None:
            shelf.ignoradas.append(phrase)
        elif _understands(draft, phrase):
            shelf.resueltas.append(phrase)
        else:
            shelf.pendientes.append(phrase)
    return shelf


def _understands(draft: Rulebook, phrase: UnmatchedPhrase) -> bool:
    here = draft.at(phrase.step)
    return here is not None and (here.answer or here.specific(phrase.phrase)) is not None


def _tabs(shelf: Shelf) -> list[tuple[str, str, int]]:
    return [
        ("pendientes", _("Sin respuesta"), len(shelf.pendientes)),
        ("resueltas", _("Ya resueltas"), len(shelf.resueltas)),
        ("ignoradas", _("Ignoradas"), len(shelf.ignoradas)),
    ]


def _holds(phrase: UnmatchedPhrase, query: str) -> bool:
    """Accents and capitals do not count, in the phrase or in the step."""
    return normalize_text(query) in f"{phrase.phrase} {normalize_text(phrase.step)}"


def _undoable(request: HttpRequest) -> RuleEdit | None:
    """The edit that was made just now by the same person."""
    pk = request.GET.get("edit", "")
    if not pk.isdecimal() or len(pk) > 18:
        return None
    return RuleEdit.objects.filter(
        pk=pk, undone_by=None, kind=RuleEdit.Kind.SAVED, author=str(request.user)[:150]
    ).first()
