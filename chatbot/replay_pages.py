"""The page that replays past conversations on the draft: it shows what clients wrote."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot import past_chats, publishing, scenarios
from chatbot.engine_types import Send
from chatbot.models import Rule, Scenario
from chatbot.page_context import page_context
from chatbot.replaying import Change
from chatbot.scenarios import replies, say_words
from chatbot.trial import Answer, RunsFunction
from conversations.models import Conversation

DEFAULT_COUNT, MOST = 50, 500  # conversations
SHOWN = 100  # changes


class CountForm(forms.Form):
    n = forms.IntegerField(
        min_value=1, max_value=MOST, initial=DEFAULT_COUNT, label=gettext_lazy("Conversaciones")
    )


class SaveForm(forms.Form):
    message = forms.IntegerField(min_value=1, max_value=2**62)
    name = forms.CharField(max_length=120)
    expect = forms.ChoiceField(choices=[("live", "live"), ("draft", "draft")])


def show_replay(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _save(request)
    form = CountForm(request.GET if "n" in request.GET else None)
    past = past_chats.replay_last(form.cleaned_data["n"]) if form.is_valid() else None
    context = page_context(admin, request, _("Repaso de conversaciones")) | {
        "form": form,
        "count": request.GET.get("n", str(DEFAULT_COUNT)),
        "most": MOST,
        "past": past,
        "rows": [_row(chat, change) for chat, change in past.changes[:SHOWN]] if past else [],
        "more": max(0, len(past.changes) - SHOWN) if past else 0,
        "left": past.asked - past.chats if past else 0,
        "nothing_new": not publishing.pending().size,
    }
    return render(request, "admin/chatbot/rule/replay.html", context)


def _row(chat: Conversation, change: Change) -> dict[str, Any]:
    said = say_words(change.say)
    step = change.step or _("Bienvenida")
    return {
        "chat": chat,
        "change": change,
        "said": said,
        "name": f"{step} · {said}"[:120],
        "sides": [
            {"title": _("Contesta hoy"), "answer": change.live, "texts": _extras(change.live)},
            {"title": _("Con el borrador"), "answer": change.draft, "texts": _extras(change.draft)},
        ],
        "functions": any(
            isinstance(action, RunsFunction)
            for answer in (change.live, change.draft)
            for action in answer.actions
        ),
    }


def _extras(answer: Answer) -> tuple[str, ...]:
    """What happens besides the messages."""
    return replies(action for action in answer.actions if not isinstance(action, Send))


def _save(request: HttpRequest) -> HttpResponse:
    form = SaveForm(request.POST)
    back = redirect(f"{reverse('admin:chatbot_rule_replay')}?{request.GET.urlencode()}")
    if not form.is_valid():
        messages.error(request, _("Ponle un nombre al escenario."))
        return back
    data = form.cleaned_data
    change = past_chats.find_change(data["message"])
    if change is None:
        messages.warning(request, _("Esa respuesta ya no cambiaría: no hay nada que guardar."))
        return back
    scenario = scenarios.make(
        data["name"],
        change.says,
        scenarios.rules_of(data["expect"]),
        start_step=change.start_step,
        by=str(request.user),
    )
    messages.success(request, _saved(scenario))
    return back


def _saved(scenario: Scenario) -> str:
    url = reverse("admin:chatbot_rule_scenario", args=[scenario.pk])
    return format_html(_('Guardado el escenario <a href="{}">{}</a>.'), url, scenario.name)
