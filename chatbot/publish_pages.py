"""The page that publishes the draft: what changes, what is wrong with it, whom it leaves behind."""

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatbot import drafts, publishing, stranded
from chatbot.models import Rule
from chatbot.move_choices import choices_of_lost, moved_words
from chatbot.page_context import page_context
from chatbot.publishing import ChatsStranded, DraftMoved
from chatbot.review import Review, review_draft
from tenants.context import atomic

_PAGE = "admin:chatbot_rule_publish"
CONFLICT, REFUSED = 409, 422  # HTTP: somebody was faster; there is something to mend


def show_publish(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    review = review_draft()
    if request.method == "POST":
        return _publish(admin, request, review)
    return _show(admin, request, review)


def discard(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    """Asks, then puts the draft back to what answers."""
    if request.method != "POST":
        context = {"size": publishing.pending().size}
        return render_page(admin, request, _("Descartar el borrador"), "discard.html", context)
    publishing.discard_draft(author=str(request.user))
    text = _("El borrador vuelve a ser lo que contesta. Si fue un error, deshazlo en el {}.")
    messages.success(request, format_html(text, _history_link()))
    return redirect(_PAGE)


@method_decorator(require_POST)
def move_lost(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    """Moves the chats in steps that no rule has now; those without a choice stay."""
    choices = choices_of_lost(publishing.published_rules()).read(request.POST)
    with atomic():
        drafts.lock_draft()
        moved = stranded.move_chats(choices.moves())
    if moved:
        messages.success(request, moved_words(moved))
    else:
        messages.warning(request, _("No se movió ningún chat: elige a dónde van."))
    return redirect(_PAGE)


def looked_at(request: HttpRequest) -> int:
    """The number of the draft that the form was about; -1: it does not say."""
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 19 else -1


def warn_moved(request: HttpRequest) -> None:
    text = _("Alguien cambió o publicó las reglas mientras mirabas. Míralas otra vez.")
    messages.warning(request, text)


def say_refused(request: HttpRequest) -> None:
    messages.error(request, _("No se publicó nada: falta lo que está marcado en rojo."))


def _publish(admin: "ModelAdmin[Rule]", request: HttpRequest, review: Review) -> HttpResponse:
    if not review.difference.size:
        messages.info(request, _("No había nada que publicar."))
        return redirect(_PAGE)
    if review.seen != looked_at(request):
        warn_moved(request)
        return _show(admin, request, review, CONFLICT)
    review = review.read(request.POST)
    if review.is_blocked:
        say_refused(request)
        return _show(admin, request, review, REFUSED)
    try:
        published = publishing.publish_seen(
            review.seen,
            author=str(request.user),
            note=request.POST.get("note", "").strip(),
            moves=review.choices.moves(),
        )
    except DraftMoved:
        warn_moved(request)
        return _show(admin, request, review_draft(), CONFLICT)
    except ChatsStranded:  # a contact came to such a step just now
        say_refused(request)
        return _show(admin, request, review_draft().read(request.POST), REFUSED)
    say_published(request, published)
    return redirect(_PAGE)


def say_published(request: HttpRequest, published: publishing.Published) -> None:
    number = published.release.number
    messages.success(
        request, _("La versión %(number)d ya contesta a tus clientes.") % {"number": number}
    )
    if published.moved_chats:
        messages.info(request, moved_words(published.moved_chats))


def _show(
    admin: "ModelAdmin[Rule]", request: HttpRequest, review: Review, status: int = 200
) -> HttpResponse:
    context = {
        "review": review,
        "note": request.POST.get("note", ""),
        "refused": status == REFUSED,
    }
    return render_page(admin, request, _("Publicar"), "publish.html", context, status)


def render_page(
    admin: "ModelAdmin[Rule]",
    request: HttpRequest,
    title: str,
    template: str,
    context: Mapping[str, object],
    status: int = 200,
) -> HttpResponse:
    return TemplateResponse(
        request,
        f"admin/chatbot/rule/{template}",
        page_context(admin, request, title) | dict(context),
        status=status,
    )


def _history_link() -> str:
    return format_html('<a href="{}">{}</a>', reverse("admin:chatbot_rule_edits"), _("historial"))
