"""The agents' inbox. A chat that the user may not see does not exist: 404."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from conversations import numbers, selectors, services
from conversations.forms import ReplyForm
from conversations.models import Conversation
from conversations.thread_pages import opening_context
from conversations.threads import bubbles_of
from tenants.context import current_tenant
from tenants.models import User

CHATS_PER_PAGE = 50


class AgentRequest(HttpRequest):
    """What a view behind `login_required` gets."""

    user: User


@login_required
@require_safe
def inbox(request: AgentRequest) -> HttpResponse:
    return render(request, "conversations/inbox.html", _page(request) | _list(request))


@login_required
@require_safe
def chat(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """The whole page, or the chat's pane alone when htmx switches chats."""
    conversation = visible_chat(request, conversation_id)
    context = _page(request) | opening_context(conversation, _number(request, "mensaje"))
    context |= {"form": ReplyForm.fresh(conversation)}
    if request.headers.get("HX-Request"):
        return render(request, "conversations/_chat.html", context)
    context |= _list(request) | {"open_id": conversation.pk}
    return render(request, "conversations/inbox.html", context)


@login_required
@require_safe
def chat_list(request: AgentRequest) -> HttpResponse:
    """A page of rows: the first, or the one after `before`; `open` is the chat on screen."""
    context = _list(request, _cursor(request)) | {"open_id": _number(request, "open")}
    return render(request, "conversations/_rows.html", context)


@login_required
@require_POST
def chat_reply(request: AgentRequest, conversation_id: int) -> HttpResponse:
    conversation = visible_chat(request, conversation_id)
    form = ReplyForm(conversation, request.POST)
    if not form.is_valid():
        return _refused(request, conversation, form)
    data = form.cleaned_data
    try:
        message = services.reply_as_agent(
            conversation,
            data["text"],
            agent=request.user,
            quote=data["quote"],
            key=str(data["key"]),
        )
    except services.WindowClosed:
        form.add_error(None, _("Pasaron más de 24 horas: WhatsApp ya no permite responder aquí."))
        return _refused(request, conversation, form)
    context = {"chat": conversation, "bubbles": bubbles_of(conversation, [message])}
    return render(request, "conversations/_updates.html", context)


@login_required
@require_POST
def chat_retry(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """The bubble as it is now; 422 with the reason where sending again could not help."""
    conversation = visible_chat(request, conversation_id)
    message = get_object_or_404(conversation.messages, pk=message_id)
    key = request.POST.get("key", "")
    try:
        services.send_again(conversation, message, agent=request.user, key=key)
    except services.CannotSendAgain as refused:
        refusal = {"refusal": str(refused)}
        return render(request, "conversations/_refusal.html", refusal, status=422)
    message.refresh_from_db()
    context = {"chat": conversation, "bubbles": bubbles_of(conversation, [message])}
    return render(request, "conversations/_updates.html", context)


@login_required
@require_safe
def number_troubles(request: AgentRequest) -> HttpResponse:
    """The red banners alone, for a page that is open already."""
    context = {"troubles": numbers.troubled()}
    return render(request, "conversations/_troubles.html", context)


@login_required
@require_POST
def chat_read(request: AgentRequest, conversation_id: int) -> HttpResponse:
    services.mark_read(visible_chat(request, conversation_id))
    return HttpResponse(status=204)


@login_required
@require_POST
def number_retry(request: AgentRequest, phone_number_id: str) -> HttpResponse:
    """For admins: after a new permission or payment Meta may take the number again."""
    if not request.user.sees_all_chats:
        raise PermissionDenied
    services.try_number_again(phone_number_id)
    return redirect("inbox")


def _refused(request: AgentRequest, conversation: Conversation, form: ReplyForm) -> HttpResponse:
    context = {"chat": conversation, "form": form}
    return render(request, "conversations/_composer.html", context, status=422)


def visible_chat(request: AgentRequest, conversation_id: int) -> Conversation:
    """The chat, if the user may see it; else Http404."""
    chats = Conversation.objects.visible_to(request.user).select_related("contact", "assigned_to")
    conversation: Conversation = get_object_or_404(chats, pk=conversation_id)
    return conversation


# What the templates need ----------------------------------------------------------------------


def _page(request: AgentRequest) -> dict[str, Any]:
    return {
        "company": current_tenant().name,
        "simulator": settings.SIMULATOR_ENABLED,
        "troubles": numbers.troubled(),
    }


def _list(request: AgentRequest, before: selectors.Page | None = None) -> dict[str, Any]:
    chats = selectors.chat_list(request.user, before=before, limit=CHATS_PER_PAGE)
    return {"chats": chats, "more_url": _more_url(chats)}


def _more_url(chats: list[Conversation]) -> str:
    if len(chats) < CHATS_PER_PAGE:
        return ""
    last = chats[-1]
    cursor = {"before": f"{last.last_message_at.isoformat()},{last.pk}"}
    return f"{reverse('chat_list')}?{urlencode(cursor)}"


# What browsers send ---------------------------------------------------------------------------


def _number(request: HttpRequest, name: str) -> int | None:
    value = request.GET.get(name, "")
    return int(value) if value.isdecimal() and len(value) <= 18 else None


def _cursor(request: HttpRequest) -> selectors.Page | None:
    """`<time>,<id>` of the last row seen; anything else means the first page."""
    time, _comma, pk = request.GET.get("before", "").partition(",")
    at = _time(time)
    if at is None or not pk.isdecimal() or len(pk) > 18:
        return None
    return at, int(pk)


def _time(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:  # well formed, but no such day
        return None
    return moment if moment and is_aware(moment) else None
