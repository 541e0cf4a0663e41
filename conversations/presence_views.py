"""Who is where, and who was called: what pages tell and ask by themselves."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversations import dealing, mentions, presence
from conversations.models import AgentDesk, Conversation
from conversations.views import AgentRequest, visible_chat


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def chat_presence(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """Which colleagues look at the chat. POST says that the user does, `escribe=1` that they type,
    `sale=1` that they left."""
    chat = visible_chat(request, conversation_id)
    if request.method == "POST":
        if request.POST.get("sale") == "1":
            presence.leave(request.user, chat.pk)
            return HttpResponse(status=204)
        _beat(request, chat)
    context = {"others": presence.others_at(chat, request.user)}
    return render(request, "conversations/_presence.html", context)


@login_required
@require_POST
def at_work(request: AgentRequest) -> HttpResponse:
    """The user is there, with no chat on screen."""
    _beat(request, None)
    return HttpResponse(status=204)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def away(request: AgentRequest) -> HttpResponse:
    """Whether new chats are dealt to the user; POST `ausente` changes it."""
    if request.method == "POST":
        presence.set_away(request.user, request.POST.get("ausente") == "1")
        dealing.deal_out()
    is_away = AgentDesk.objects.filter(user=request.user, is_away=True).exists()
    return render(request, "conversations/_away.html", {"is_away": is_away})


@login_required
@require_safe
def mention_list(request: AgentRequest) -> HttpResponse:
    """How many are new; with `lista`, the notes too."""
    context: dict[str, object] = {"unseen": mentions.count_unseen(request.user)}
    if "lista" in request.GET:
        context["mentions"] = mentions.mentions_of(request.user)
        return render(request, "conversations/_mentions.html", context)
    return render(request, "conversations/_mention_count.html", context)


@login_required
@require_POST
def mentions_seen(request: AgentRequest) -> HttpResponse:
    """The one of `mencion`, or all."""
    value = request.POST.get("mencion", "")
    one = int(value) if value.isdecimal() and len(value) <= 18 else None
    if value == "" or one is not None:
        mentions.see(request.user, one)
    return HttpResponse(status=204)


def _beat(request: AgentRequest, chat: Conversation | None) -> None:
    """Who has just arrived gets of what was waiting."""
    is_typing = request.POST.get("escribe") == "1"
    if presence.beat(request.user, chat, is_typing=is_typing):
        dealing.deal_out()
