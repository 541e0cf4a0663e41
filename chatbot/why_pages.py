"""“¿Por qué contestó esto?”: what an agent sees of a message of the bot."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from chatbot import why_words
from chatbot.why import why
from conversations.models import Message
from conversations.views import AgentRequest, visible_chat

TRIED_SHOWN = 25  # rules of the step, of which there may be thousands


@login_required
@require_safe
def message_why(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """The dialog's inside; a page of its own for who opens the link elsewhere."""
    chat = visible_chat(request, conversation_id)
    bots = chat.messages.filter(author=Message.Author.BOT)
    found = why(get_object_or_404(bots, pk=message_id))
    context = {
        "chat": chat,
        "why": found,
        "reason": why_words.reason(found),
        "changed": why_words.field_names(found.changed),
        "tried": [(one, why_words.verdict(one, found.said)) for one in found.tried[:TRIED_SHOWN]],
        "more": max(0, len(found.tried) - TRIED_SHOWN),
        "edits_rules": request.user.sees_all_chats,
    }
    partial = request.headers.get("HX-Request")
    return render(request, f"conversations/{'_why' if partial else 'why'}.html", context)
