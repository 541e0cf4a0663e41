"""The picker of templates: what may be said once the 24-hour window is closed."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST

from conversations import message_templates
from conversations.message_templates import CannotList
from conversations.models import Conversation, MessageTemplate
from conversations.template_words import CannotFill
from conversations.threads import bubbles_of
from conversations.views import AgentRequest, visible_chat


@login_required
@require_http_methods(["GET", "POST"])
def template_picker(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """The list; asked of Meta again when it is old, or by POST."""
    conversation = visible_chat(request, conversation_id)
    account = message_templates.account_of(conversation.phone_number_id)
    trouble = ""
    if request.method == "POST" or message_templates.is_stale(account):
        try:
            message_templates.sync(account)
        except CannotList as error:
            trouble = str(error)
    templates = message_templates.sendable(conversation)
    context = {
        "chat": conversation,
        "trouble": trouble,
        "templates": [_shown(conversation, template) for template in templates],
    }
    return render(request, "conversations/_templates.html", context)


@login_required
@require_POST
def template_send(request: AgentRequest, conversation_id: int, template_id: int) -> HttpResponse:
    """The new bubble; 422 with the reason when something is missing or Meta would refuse it."""
    conversation = visible_chat(request, conversation_id)
    templates = message_templates.sendable(conversation)
    ids = [template.pk for template in templates]
    template = get_object_or_404(MessageTemplate.objects.filter(pk__in=ids), pk=template_id)
    values = {slot.name: request.POST.get(slot.name, "") for slot in _slots(template)}
    try:
        message = message_templates.send_template(
            conversation, template, values, agent=request.user, key=_key(request)
        )
    except CannotFill as refused:
        refusal = {"refusal": str(refused)}
        return render(request, "conversations/_refusal.html", refusal, status=422)
    conversation.refresh_from_db()
    context = {"chat": conversation, "bubbles": bubbles_of(conversation, [message])}
    return render(request, "conversations/_updates.html", context)


def _slots(template: MessageTemplate) -> list[Any]:
    return message_templates.words_of(template).slots()


def _key(request: AgentRequest) -> str:
    """The form's UUID; of anything else, a new one."""
    try:
        return str(uuid.UUID(request.POST.get("key", "")))
    except ValueError:
        return str(uuid.uuid4())


def _shown(conversation: Conversation, template: MessageTemplate) -> dict[str, Any]:
    words = message_templates.words_of(template)
    name = str(conversation.contact).split(" ")[0]
    slots = words.slots()
    return {
        "template": template,
        "text": words.shown({}),
        "buttons": words.button_titles(),
        "refusal": words.refusal,
        "slots": [(slot, name if slot.name == "b-1" else "") for slot in slots],
        "key": uuid.uuid4(),
    }
