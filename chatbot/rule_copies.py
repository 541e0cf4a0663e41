"""Copies of rules, to start another one from."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatbot.models import Rule, RuleEdit, RuleMedia
from chatbot.rule_messages import told_editing


@method_decorator(require_POST)
def duplicate(admin: object, request: HttpRequest, object_id: int) -> HttpResponse:
    """Opens the copy. With the same step and words it would never answer, and is said so."""
    rule = get_object_or_404(Rule, pk=object_id)
    title = _("Duplicó «%(rule)s»") % {"rule": rule}
    done = _(
        "Esta es la copia: cámbiale el paso o lo que escribe el cliente, o contestará la primera."
    )
    with told_editing(request, RuleEdit.Kind.BULK, title=title, done=done):
        made = copy(rule)
    return HttpResponseRedirect(reverse("admin:chatbot_rule_change", args=[made.pk]))


def copy(rule: Rule) -> Rule:
    """The same under a new id, with its files. Inside `editing`."""
    medias = list(RuleMedia.objects.filter(rule_id=rule.pk).order_by("position", "pk"))
    made = Rule.objects.get(pk=rule.pk)
    made.pk, made.revision, made._state.adding = None, 0, True
    made.save()
    for media in medias:
        media.pk, media.rule, media._state.adding = None, made, True
        media.save()
    return made
