"""The agents' inbox. A chat that the user may not see does not exist: 404."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from conversations import list_context, numbers, services
from conversations.drafts import draft_of
from conversations.forms import ReplyForm
from conversations.models import Conversation
from conversations.scheduled import waiting_in
from conversations.thread_pages import opening_context
from conversations.threads import bubbles_of
from tenants.context import current_tenant
from tenants.models import User


class AgentRequest(HttpRequest):
    """What a view behind `login_required` gets."""

    user: User


@login_required
@require_safe
def inbox(request: AgentRequest) -> HttpResponse:
    return render(
        request, "conversations/inbox.html", _page(request) | list_context.opening(request)
    )


@login_required
@require_safe
def chat(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """The whole page, or the chat's pane alone when htmx switches chats."""
    conversation = visible_chat(request, conversation_id)
    context = _page(request) | opening_context(
        conversation, list_context.number(request, "mensaje")
    )
    context |= {"form": ReplyForm.fresh(conversation)}
    context |= {"draft": draft_of(request.user, conversation), "waiting": waiting_in(conversation)}
    if request.headers.get("HX-Request"):
        return render(request, "conversations/_chat.html", context)
    context |= list_context.opening(request) | {"open_id": conversation.pk}
    return render(request, "conversations/inbox.html", context)


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


def visible_chat(request: AgentRequest, conversation_id: int) -> Conversation:
    """The chat, if the user may see it; else Http404."""
    chats = Conversation.objects.visible_to(request.user).select_related("contact", "assigned_to")
    conversation: Conversation = get_object_or_404(chats, pk=conversation_id)
    return conversation


# What the templates need ----------------------------------------------------------------------


def _page(request: AgentRequest) -> dict[str, Any]:
    return {
        "company": current_tenant().name,
        "company_key": current_tenant().key,
        "simulator": settings.SIMULATOR_ENABLED,
        "troubles": numbers.troubled(),
    }
