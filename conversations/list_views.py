"""The chat list: its pages, search, pins, unread marks, and acts on many chats at once."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from conversations import bulk, list_context, search
from conversations.list_context import COOKIE, number
from conversations.models import Conversation, Pin
from conversations.views import AgentRequest, visible_chat
from tenants.context import current_tenant
from whapco.lib import bus

_YEAR_SECONDS = 365 * 24 * 3600


@login_required
@require_safe
def chat_list(request: AgentRequest) -> HttpResponse:
    """The first page of rows with tabs' counts and chips, or the rows after `before`; `open` is
    the chat on screen. The filters are remembered."""
    context = list_context.asked(request) | {"open_id": number(request, "open")}
    name = "_list_update" if "chosen" in context else "_rows"
    response = render(request, f"conversations/{name}.html", context)
    if "chosen" in context and request.COOKIES.get(COOKIE, "") != context["chosen"].query:
        query = context["chosen"].query
        response.set_cookie(
            COOKIE,
            query,
            max_age=_YEAR_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


@login_required
@require_safe
def chat_search(request: AgentRequest) -> HttpResponse:
    """Chats whose contact answers to `q`, then messages. `saltar` and `antes` ask for more."""
    typed = request.GET.get("q", "")
    skip, before = number(request, "saltar"), number(request, "antes")
    context: dict[str, object] = {"typed": typed, "is_first": skip is None and before is None}
    if before is None:
        found, more = search.chats(request.user, typed, min(skip or 0, 10_000))
        context |= {"found_chats": found}
        context |= {"more_chats": (skip or 0) + search.CHATS_PAGE if more else 0}
    if skip is None:
        context |= {"found": search.messages(request.user, typed, before or search.NEWEST)}
    return render(request, "conversations/_hits.html", context)


@login_required
@require_POST
def chat_pin(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """Pin it, or with `quitar` let it go."""
    chat = visible_chat(request, conversation_id)
    if "quitar" in request.POST:
        Pin.objects.filter(user=request.user, conversation=chat).delete()
    else:
        Pin.objects.get_or_create(user=request.user, conversation=chat)
    return HttpResponse(status=204)


@login_required
@require_POST
def chat_unread(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """For everybody: a badge again, until somebody looks at it."""
    chat = visible_chat(request, conversation_id)
    Conversation.objects.filter(pk=chat.pk, unread_count=0).update(unread_count=1)
    bus.publish(current_tenant().key, {"chat": chat.pk, "last": 0})
    return HttpResponse(status=204)


@login_required
@require_POST
def chats_act(request: AgentRequest) -> HttpResponse:
    """`accion` with `valor` on the `chats` (ids, separated by commas) that the user may see."""
    ids = _ids(request.POST.get("chats", ""))
    if len(ids) > bulk.MOST:
        text = _("Son demasiados chats: elige hasta %(n)d.") % {"n": bulk.MOST}
        return JsonResponse({"text": text}, status=422)
    name, value = request.POST.get("accion", ""), request.POST.get("valor", "")
    try:
        done = bulk.act(name, value, _visible(request, ids), agent=request.user)
    except bulk.Refused as refused:
        return JsonResponse({"text": str(refused)}, status=422)
    return JsonResponse({"text": done.text, "undo": done.undo})


@login_required
@require_POST
def chats_undo(request: AgentRequest) -> HttpResponse:
    """Take back what `chats_act` gave `ficha` for."""
    token = request.POST.get("ficha", "")
    try:
        done = bulk.undo(token, lambda ids: _visible(request, ids), agent=request.user)
    except bulk.Refused as refused:
        return JsonResponse({"text": str(refused)}, status=422)
    return JsonResponse({"text": done.text})


def _visible(request: AgentRequest, ids: list[int]) -> list[Conversation]:
    chats = Conversation.objects.visible_to(request.user).filter(pk__in=ids)
    return list(chats.select_related("contact").order_by("pk"))


def _ids(text: str) -> list[int]:
    found = text.split(",", bulk.MOST + 1)
    return [int(one) for one in found if one.isdecimal() and len(one) <= 18]
