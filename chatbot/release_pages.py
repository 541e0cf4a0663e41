"""All that was ever published: look, compare, download, go back to it."""

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatbot import drafts, publishing
from chatbot.models import Rule, RulebookRelease
from chatbot.move_choices import Choices, choices_between
from chatbot.publish_pages import (
    CONFLICT,
    REFUSED,
    looked_at,
    render_page,
    say_published,
    say_refused,
    warn_moved,
)
from chatbot.publishing import ChatsStranded, DraftMoved
from chatbot.release_sheet import release_sheet
from chatbot.releases import newest_number
from chatbot.rule_data import RuleData
from chatbot.rule_words import in_words
from chatbot.snapshots import difference

A_PAGE = 50
NAMED = 200  # releases offered to compare with
DRAFT = "borrador"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show_releases(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    releases = RulebookRelease.objects.defer("rules").order_by("-number")
    context = {
        "page": Paginator(releases, A_PAGE).get_page(request.GET.get("p")),
        "answers": newest_number(),
    }
    return render_page(admin, request, _("Versiones"), "releases.html", context)


def show_release(admin: "ModelAdmin[Rule]", request: HttpRequest, number: int) -> HttpResponse:
    return _show(admin, request, number)


@method_decorator(require_POST)
def restore(admin: "ModelAdmin[Rule]", request: HttpRequest, number: int) -> HttpResponse:
    """Makes that release answer again; what was not published can be had back in the history."""
    get_object_or_404(RulebookRelease.objects.only("number"), number=number)
    seen = looked_at(request)
    choices = _choices(number).read(request.POST)
    if choices.is_incomplete:
        say_refused(request)
        return _show(admin, request, number, choices, REFUSED)
    author, waiting = str(request.user), publishing.pending().size
    try:
        done = publishing.restore_seen(number, seen, author=author, moves=choices.moves())
    except DraftMoved:
        warn_moved(request)
        return _show(admin, request, number, status=CONFLICT)
    except ChatsStranded:  # a contact came to such a step just now
        say_refused(request)
        return _show(admin, request, number, _choices(number).read(request.POST), REFUSED)
    say_published(request, done)
    if waiting:
        _say_kept(request)
    return redirect("admin:chatbot_rule_releases")


def download(admin: "ModelAdmin[Rule]", request: HttpRequest, number: int) -> HttpResponse:
    get_object_or_404(RulebookRelease.objects.only("number"), number=number)
    sheet = release_sheet(publishing.published_rules(number))
    name = _("reglas-version-%(number)d.xlsx") % {"number": number}
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(sheet, content_type=_XLSX, headers=headers)


def _show(
    admin: "ModelAdmin[Rule]",
    request: HttpRequest,
    number: int,
    choices: Choices | None = None,
    status: int = 200,
) -> HttpResponse:
    release = get_object_or_404(RulebookRelease.objects.defer("rules"), number=number)
    seen, answers = publishing.draft_number(), newest_number()
    other = _other(request, number, answers)
    newer = difference(_rules(other), publishing.published_rules(number))
    context = {
        "release": release,
        "answers": answers,
        "seen": seen,
        "other": other,
        "others": _others(number),
        "difference": in_words(newer),
        "choices": choices or _choices(number),
    }
    title = _("Versión %(number)d") % {"number": number}
    return render_page(admin, request, title, "release.html", context, status)


def _other(request: HttpRequest, number: int, answers: int) -> str:
    """What to compare with: the number of a release or DRAFT. Unless asked: what answers now, and
    that itself with the one before it."""
    named = request.GET.get("con", "")
    if named == DRAFT:
        return DRAFT
    if named.isdecimal() and len(named) < 9 and _exists(int(named)):
        return str(int(named))
    before = RulebookRelease.objects.filter(number__lt=number).order_by("-number")
    known = before.values_list("number", flat=True).first() if number == answers else answers
    return str(known or DRAFT)


def _exists(number: int) -> bool:
    return RulebookRelease.objects.filter(number=number).exists()


def _rules(other: str) -> "list[RuleData] | tuple[RuleData, ...]":
    return drafts.draft_rules() if other == DRAFT else publishing.published_rules(int(other))


def _others(number: int) -> list[str]:
    numbers = RulebookRelease.objects.exclude(number=number).order_by("-number")
    return [str(one) for one in numbers.values_list("number", flat=True)[:NAMED]]


def _choices(number: int) -> Choices:
    return choices_between(publishing.published_rules(), publishing.published_rules(number))


def _say_kept(request: HttpRequest) -> None:
    text = _("Había cambios sin publicar: se quitaron del borrador. Recupéralos en el {}.")
    address = reverse("admin:chatbot_rule_edits")
    link = format_html('<a href="{}">{}</a>', address, _("historial"))
    messages.warning(request, format_html(text, link))
