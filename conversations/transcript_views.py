"""What was heard in a voice note: mended, or heard again, by whoever may see the chat."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from conversations import transcripts
from conversations.models import Message
from conversations.threads import bubbles_of
from conversations.views import AgentRequest, visible_chat
from media_pipeline.speech import active_engine

LONGEST = 10_000  # characters


@login_required
@require_POST
def transcript_edit(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """`text`: what the contact really said."""
    message = _sound(request, conversation_id, message_id)
    text = request.POST.get("text", "").replace("\0", "").strip()
    if not text or len(text) > LONGEST:
        return _refused(request, _("Escribe lo que se oye, en menos de 10 000 letras."))
    transcripts.edit(message, text, agent=request.user)
    return _bubble(request, conversation_id, message_id)


@login_required
@require_POST
def transcript_again(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    message = _sound(request, conversation_id, message_id)
    status = active_engine().status()
    if not status.ok:
        return _refused(request, status.reason)
    transcripts.transcribe_again(message)
    return _bubble(request, conversation_id, message_id)


def _sound(request: AgentRequest, conversation_id: int, message_id: int) -> Message:
    chat = visible_chat(request, conversation_id)
    sounds = chat.messages.filter(kind="audio").exclude(media=None)
    found: Message = get_object_or_404(sounds.select_related("media"), pk=message_id)
    return found


def _bubble(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """As it is now."""
    chat = visible_chat(request, conversation_id)
    message = chat.messages.select_related("agent", "media__transcription").get(pk=message_id)
    context = {"chat": chat, "bubbles": bubbles_of(chat, [message])}
    return render(request, "conversations/_updates.html", context)


def _refused(request: AgentRequest, sentence: str) -> HttpResponse:
    return render(request, "conversations/_refusal.html", {"refusal": sentence}, status=422)
