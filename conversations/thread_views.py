"""The messages of a chat: pages of the thread, and what is known of one message."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from conversations import thread_pages
from conversations.message_times import times_of
from conversations.models import Conversation
from conversations.selectors import SHOWN_WITH
from conversations.threads import bubbles_of
from conversations.views import AgentRequest, visible_chat


@login_required
@require_safe
def chat_messages(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """What is new after message `after`, with the messages `shown` as they are now and the chat's
    head. Or a page of bubbles: before message `before`, following `from`, or `around` one; the
    last is empty when the chat does not have that message."""
    chat = visible_chat(request, conversation_id)
    before, later, around = (_number(request, name) for name in ("before", "from", "around"))
    if before is not None:
        page = thread_pages.newest(chat, before=before)
    elif later is not None:
        page = thread_pages.later(chat, later)
    elif around is not None:
        page = thread_pages.around(chat, around)
    else:
        return _updates(request, chat)
    context = thread_pages.page_context(chat, page) | {"found_id": around}
    return render(request, "conversations/_bubbles.html", context)


@login_required
@require_safe
def message_info(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """Who wrote it and when it came how far: the inside of a dialog."""
    chat = visible_chat(request, conversation_id)
    messages = chat.messages.bubbles().select_related(*SHOWN_WITH)
    message = get_object_or_404(messages, pk=message_id)
    (bubble,) = bubbles_of(chat, [message])
    context = {"chat": chat, "bubble": bubble, "times": times_of(message)}
    return render(request, "conversations/_message_info.html", context)


def _updates(request: AgentRequest, chat: Conversation) -> HttpResponse:
    after = _number(request, "after")
    if after is None:
        context = thread_pages.page_context(chat, thread_pages.newest(chat))
    else:
        messages = thread_pages.updates(chat, after, _numbers(request, "shown"))
        context = {"chat": chat, "bubbles": bubbles_of(chat, messages)}
    return render(request, "conversations/_updates.html", context)


def _number(request: HttpRequest, name: str) -> int | None:
    return _id(request.GET.get(name, ""))


def _numbers(request: HttpRequest, name: str) -> list[int]:
    """Of `1,2,3`; what is not a number is left out."""
    found = map(_id, request.GET.get(name, "").split(",", thread_pages.MOST_SHOWN))
    return [number for number in found if number is not None]


def _id(text: str) -> int | None:
    """As far as a database's ids go."""
    return int(text) if text.isdecimal() and len(text) <= 18 else None
