"""The chat's bot card: give the chat back to the bot, finish it."""

import json

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chatbot import rulebooks, services
from chatbot.models import BotSession
from conversations.inbox import ChatBusy
from conversations.models import Conversation
from conversations.views import AgentRequest, visible_chat
from whapco.lib.text import normalize_step


class ResumeForm(forms.Form):
    """`step` empty: the bot goes on where it was."""

    step = forms.CharField(max_length=120, required=False)

    def clean_step(self) -> str:
        step = normalize_step(self.cleaned_data["step"])
        if step and rulebooks.current().at(step) is None:
            raise forms.ValidationError(_("Ninguna regla tiene ese paso."))
        return step


@login_required
@require_safe
def chat_bot(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """Where the bot is in the chat, and the steps it can be given back at."""
    conversation = visible_chat(request, conversation_id)
    session = BotSession.objects.filter(pk=conversation.pk).first()
    steps = sorted(rulebooks.current().steps)
    context = {"chat": conversation, "session": session, "steps": steps}
    return render(request, "conversations/_bot_card.html", context)


@login_required
@require_POST
def chat_resume_bot(request: AgentRequest, conversation_id: int) -> HttpResponse:
    conversation = visible_chat(request, conversation_id)
    form = ResumeForm(request.POST)
    if not form.is_valid():
        reasons = [str(reason) for reasons in form.errors.values() for reason in reasons]
        return _refused(" ".join(reasons))
    try:
        services.resume_bot(conversation, step=form.cleaned_data["step"], agent=request.user)
    except ChatBusy:
        return _refused(_("El bot está escribiendo en este chat. Inténtalo en unos segundos."))
    return _done(conversation)


@login_required
@require_POST
def chat_finish(request: AgentRequest, conversation_id: int) -> HttpResponse:
    conversation = visible_chat(request, conversation_id)
    services.finish_chat(conversation, request.user)
    return _done(conversation)


def _refused(reason: str) -> HttpResponse:
    """The sentence alone: the page shows it in the form that was sent."""
    return HttpResponse(reason, status=422, content_type="text/plain; charset=utf-8")


def _done(conversation: Conversation) -> HttpResponse:
    """Nothing to show: the page is told to fetch what changed in this chat."""
    hint = json.dumps({"wa:hint": {"chat": conversation.pk}})
    return HttpResponse(status=204, headers={"HX-Trigger": hint})
