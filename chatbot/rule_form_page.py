"""The page of one rule: what it knows besides its form, and what it says when others came first."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.http import HttpRequest
from django.utils.translation import gettext as _

from chatbot import rule_index
from chatbot.forms import GONE, STALE
from chatbot.models import Rule, RuleEdit
from chatbot.options_field import REPLY_LIMITS
from chatbot.rule_confirmation import UNSURE
from chatbot.rule_conflicts import Conflict, conflict_over, deletion_of


def form_context(context: dict[str, Any]) -> dict[str, Any]:
    """What the template needs besides Django's own context."""
    form = context["adminform"].form
    (medias,) = [each.formset for each in context["inline_admin_formsets"]]
    is_stale = form.is_bound and form.has_error("__all__", STALE)
    unsure = _take(medias.non_form_errors(), UNSURE) if medias.is_bound else []
    told = {
        "conflict": _conflict(form, medias) if is_stale else None,
        "unsure": [] if is_stale else unsure,
    }
    if is_stale:
        _take(form.errors["__all__"], STALE)
        if not form.errors["__all__"]:
            del form.errors["__all__"]
    return told | {
        "errors": helpers.AdminErrorList(form, [medias]),
        "steps": rule_index.steps(rule_index.versions()),
        "handlers": form.handlers,
        "reply_limits": REPLY_LIMITS,
        "title": _("Editar regla") if context["original"] else _("Nueva regla"),
        "subtitle": None,
    }


def is_gone(object_id: str) -> bool:
    """Whether somebody deleted it. An id that was of no rule here is Django's to refuse."""
    if not object_id.isdecimal() or Rule.objects.filter(pk=int(object_id)).exists():
        return False
    return deletion_of(int(object_id)) is not None


def write_again(request: HttpRequest, rule_id: int) -> RuleEdit | None:
    """The rule was deleted while somebody wrote: what was written becomes a new one, once the
    person has seen it and saves again."""
    edit = deletion_of(rule_id)
    who = edit.author if edit and edit.author else _("Alguien")
    messages.warning(
        request,
        _(
            "%(who)s borró esta regla mientras la editabas. Aquí sigue lo que escribiste: guarda "
            "para crearla de nuevo, o vuelve a la lista para dejarla borrada."
        )
        % {"who": who},
    )
    data = request.POST.copy()
    data[GONE] = "1"
    request.POST = data  # type: ignore[assignment]
    return edit


def _conflict(form: Any, medias: Any) -> Conflict | None:
    """None: the rule is gone, there is nothing to compare with."""
    if not form.instance.pk:
        return None
    loaded = form.cleaned_data.get("loaded") or 0
    return conflict_over(form.instance, medias.medias(), loaded=loaded)


def _take(errors: Any, code: str) -> list[str]:
    """Take those errors away, for a panel that tells them better; what they say."""
    found = errors.as_data()
    errors.data = [each for each in found if each.code != code]
    return [str(text) for each in found if each.code == code for text in each.messages]
