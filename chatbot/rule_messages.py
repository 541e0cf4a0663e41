"""What a page says after an edit: done, kept in the draft, and how to take it back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chatbot.drafts import Edit, editing
from chatbot.models import RuleEdit


@contextmanager
def told_editing(request: HttpRequest, kind: str, *, title: str, done: str) -> Iterator[Edit]:
    """`drafts.editing`, then the sentence `done` with its "Deshacer"; or that nothing changed."""
    newest = newest_edit()
    with editing(kind, author=str(request.user), title=title) as edit:
        yield edit
    if not tell(request, newest, done):
        messages.info(request, _("No había nada que cambiar."))


def tell(request: HttpRequest, newest: int, done: str) -> bool:
    """Say `done` if this person made an edit after `newest`. Returns whether they did."""
    made = RuleEdit.objects.filter(pk__gt=newest, author=str(request.user)[:150])
    edit = made.order_by("-pk").first()
    if edit is None:
        return False
    messages.success(request, format_html("{} {}", done, undo_button(edit)))
    return True


def newest_edit() -> int:
    return RuleEdit.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def undo_button(edit: RuleEdit) -> SafeString:
    """A button of the form `undo-form`, which _undo.html puts on the page."""
    return format_html(
        '<button class="undo" type="submit" form="undo-form" formaction="{}">{}</button>',
        reverse("admin:chatbot_rule_undo", args=[edit.pk]),
        _("Deshacer"),
    )
