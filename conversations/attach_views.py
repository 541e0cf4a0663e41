"""Sending what was uploaded: several files in order, each with its words."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from conversations.composer_views import form_key, refused, updated
from conversations.file_replies import send_media_as_agent
from conversations.models import Conversation, Message
from conversations.services import WindowClosed
from conversations.uploads import FileRefused, uploaded_for_chat
from conversations.views import AgentRequest, visible_chat
from conversations.whatsapp import outbound
from media_pipeline.models import MediaFile
from tenants.context import atomic

MOST = 30  # files at once, as in WhatsApp


@login_required
@require_POST
def chat_send_files(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """`file`: the ids that chat_upload gave, in order; `caption-<id>`, `como-<id>` and `voz-<id>`
    go with each. All are queued or none; the new bubbles, or 422 with the reason."""
    chat = visible_chat(request, conversation_id)
    ids = [int(one) for one in request.POST.getlist("file") if one.isdecimal() and len(one) < 19]
    if not 1 <= len(ids) <= MOST:
        return refused(request, _("Elige de 1 a 30 archivos."))
    files = [uploaded_for_chat(chat, request.user, pk) for pk in ids]
    found = [file for file in files if file is not None]
    if len(found) < len(ids):
        return refused(request, _("Un archivo ya no está en el servidor: súbelo otra vez."))
    try:
        with atomic():
            messages = [_send(request, chat, file, place) for place, file in enumerate(found)]
    except (FileRefused, _TooLong) as error:
        return refused(request, str(error))
    except WindowClosed:
        return refused(
            request, _("Pasaron más de 24 horas: WhatsApp ya no permite responder aquí.")
        )
    return updated(request, chat, *messages)


class _TooLong(Exception):
    """A caption over Meta's limit."""


def _send(request: AgentRequest, chat: Conversation, file: MediaFile, place: int) -> Message:
    caption = request.POST.get(f"caption-{file.pk}", "").replace("\r\n", "\n").strip()
    if outbound.length(caption) > outbound.CAPTION_LIMIT:
        text = _("El texto de un archivo llega hasta %(limit)d caracteres.")
        raise _TooLong(text % {"limit": outbound.CAPTION_LIMIT})
    quote = request.POST.get("quote", "")
    original = chat.messages.filter(pk=int(quote)).first() if quote.isdecimal() else None
    return send_media_as_agent(
        chat,
        file,
        agent=request.user,
        caption=caption,
        quote=original if place == 0 else None,
        key=str(uuid.uuid5(uuid.UUID(form_key(request)), str(file.pk))),
        voice=request.POST.get(f"voz-{file.pk}") == "1",
        kind=request.POST.get(f"como-{file.pk}", ""),
    )
