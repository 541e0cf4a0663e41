"""Quick replies of a chat: what `/` offers, and sending one whole."""

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chatbot import quick_replies
from conversations import services
from conversations.composer_views import form_key, refused, updated
from conversations.models import QuickReply
from conversations.views import AgentRequest, visible_chat


@login_required
@require_safe
def quick_reply_list(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """JSON: see quick_replies.offered."""
    chat = visible_chat(request, conversation_id)
    found = quick_replies.offered(chat, request.user)
    return HttpResponse(json.dumps(found), content_type="application/json")


@login_required
@require_POST
def quick_reply_send(
    request: AgentRequest, conversation_id: int, quick_reply_id: int
) -> HttpResponse:
    chat = visible_chat(request, conversation_id)
    reply = get_object_or_404(QuickReply, pk=quick_reply_id)
    try:
        sent = quick_replies.send(chat, reply, agent=request.user, key=form_key(request))
    except services.WindowClosed:
        return refused(
            request, _("Pasaron más de 24 horas: WhatsApp ya no permite responder aquí.")
        )
    except quick_replies.NothingToSend as error:
        return refused(request, str(error))
    return updated(request, chat, *sent)
