"""The files of a chat: seen, saved, uploaded, fetched again; 404 for whoever may not see it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from conversations import fetching
from conversations.models import Message
from conversations.threads import bubbles_of
from conversations.uploads import CanScale, keep_for_chat
from conversations.views import AgentRequest, visible_chat
from conversations.whatsapp.files import FileRefused
from media_pipeline import services
from media_pipeline.models import MediaFile
from media_pipeline.responses import VERSION_LENGTH, Served, file_response


@login_required
@require_safe
def chat_file(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponseBase:
    """`?miniatura`: a small JPEG; `?mp3`: for browsers that play no Ogg; `?descargar`: to save.
    `v` is the beginning of the digest: an address with it never means another file."""
    message = _message(request, conversation_id, message_id)
    if message.media is None or not message.media.is_ready:
        raise Http404
    file = message.media
    lasting = request.GET.get("v") == str(file.sha256)[:VERSION_LENGTH]
    try:
        served = _served(request, file)
        return file_response(request, served, download="descargar" in request.GET, lasting=lasting)
    except FileNotFoundError:
        raise Http404 from None


@login_required
@require_POST
def chat_upload(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """Keep the one `file` for the agent to send: JSON for the composer. `voz`: a recording;
    `como`: "document" or the kind wanted; `scale`: an image may be made smaller."""
    conversation = visible_chat(request, conversation_id)
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        return _refused(_too_big() if hasattr(request, "too_big") else _("Elige un archivo."))
    try:
        file, kind = keep_for_chat(
            upload,
            conversation,
            request.user,
            wanted=request.POST.get("como", ""),
            voice=bool(request.POST.get("voz")),
            scale=bool(request.POST.get("scale")),
        )
    except FileRefused as refused:
        return _refused(str(refused), can_scale=isinstance(refused, CanScale))
    return JsonResponse(_described(file, kind))


@login_required
@require_POST
def chat_file_fetch(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """Fetch it from Meta again: the bubble as it is now; 422 with the reason where there is no
    hope."""
    message = _message(request, conversation_id, message_id)
    try:
        fetching.start_again(message)
    except fetching.CannotFetch as refused:
        refusal = {"refusal": str(refused)}
        return render(request, "conversations/_refusal.html", refusal, status=422)
    message = _message(request, conversation_id, message_id)
    chat = message.conversation
    fresh = {"chat": chat, "bubbles": bubbles_of(chat, [message])}
    return render(request, "conversations/_updates.html", fresh)


def _message(request: AgentRequest, conversation_id: int, message_id: int) -> Message:
    chat = visible_chat(request, conversation_id)
    message: Message = get_object_or_404(chat.messages.select_related("media"), pk=message_id)
    message.conversation = chat
    return message


def _served(request: HttpRequest, file: MediaFile) -> Served:
    """Raises Http404, FileNotFoundError."""
    name = str(file.original_name or file.path.rpartition("/")[2])
    if "miniatura" in request.GET:
        path, mime_type, name = services.thumbnail(file), "image/jpeg", "miniatura.jpg"
    elif "mp3" in request.GET:
        path, mime_type, name = services.mp3(file), "audio/mpeg", f"{name.partition('.')[0]}.mp3"
    else:
        return Served(services.path_of(file), str(file.mime_type), name, str(file.sha256))
    if path is None:
        raise Http404
    return Served(path, mime_type, name, f"{file.sha256}-{mime_type.partition('/')[2]}")


def _described(file: MediaFile, kind: str) -> dict[str, Any]:
    return {
        "id": file.pk,
        "name": file.original_name,
        "kind": kind,
        "size": file.size,
        "mime": file.mime_type,
        "width": file.width,
        "height": file.height,
        "duration": file.duration_seconds,
        "pages": file.pages,
    }


def _too_big() -> str:
    return _("El archivo pesa más de 100 MB, que es lo más que acepta WhatsApp.")


def _refused(sentence: str, *, can_scale: bool = False) -> JsonResponse:
    return JsonResponse({"error": sentence, "can_scale": can_scale}, status=422)
