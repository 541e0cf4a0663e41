"""What agents write besides plain replies: drafts, notes, later messages, reactions, options."""

import datetime as dt
import json
import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversations import drafts, forwarding, menus, notes, scheduled, services
from conversations.forms import ReplyForm
from conversations.models import Conversation, Message, ScheduledMessage
from conversations.scheduled import CannotSchedule
from conversations.threads import bubbles_of
from conversations.views import AgentRequest, visible_chat
from conversations.whatsapp import outbound

JUST_NOW_SECONDS = 120


def refused(request: AgentRequest, reason: str) -> HttpResponse:
    return render(request, "conversations/_refusal.html", {"refusal": reason}, status=422)


def updated(request: AgentRequest, chat: Conversation, *messages: Message) -> HttpResponse:
    """The new bubbles, and the chat's head as it is now."""
    chat.refresh_from_db()
    context = {"chat": chat, "bubbles": bubbles_of(chat, messages)}
    return render(request, "conversations/_updates.html", context)


def form_key(request: AgentRequest) -> str:
    """The form's UUID; of anything else, a new one."""
    try:
        return str(uuid.UUID(request.POST.get("key", "")))
    except ValueError:
        return str(uuid.uuid4())


def _text(request: AgentRequest) -> str:
    return request.POST.get("text", "").replace("\r\n", "\n")


@login_required
@require_POST
def chat_reply(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """The new bubble; 422 with the reason. When a colleague has answered since `seen`, the last
    message on the page, it is asked about first: `sure=1` answers."""
    chat = visible_chat(request, conversation_id)
    form = ReplyForm(chat, request.POST)
    if not form.is_valid():
        reasons = [str(reason) for reasons in form.errors.values() for reason in reasons]
        return refused(request, " ".join(reasons))
    data = form.cleaned_data
    if request.POST.get("sure") != "1" and (who := _just_answered(request, chat)):
        return render(request, "conversations/_collision.html", {"who": who}, status=422)
    try:
        message = services.reply_as_agent(
            chat, data["text"], agent=request.user, quote=data["quote"], key=str(data["key"])
        )
    except services.WindowClosed:
        return refused(
            request, _("Pasaron más de 24 horas: WhatsApp ya no permite responder aquí.")
        )
    return updated(request, chat, message)


def _just_answered(request: AgentRequest, chat: Conversation) -> str:
    """The colleague whose answer the page may not have shown yet."""
    seen = request.POST.get("seen", "")
    if not seen.isdecimal() or len(seen) > 18:
        return ""
    recent = timezone.now() - dt.timedelta(seconds=JUST_NOW_SECONDS)
    ours = chat.messages.filter(pk__gt=int(seen), author=Message.Author.AGENT, direction="out")
    others = ours.filter(created_at__gt=recent).exclude(agent=None).exclude(agent=request.user)
    last = others.select_related("agent").order_by("-pk").first()
    return last.agent.get_full_name() or last.agent.get_username() if last and last.agent else ""


@login_required
@require_POST
def chat_draft(request: AgentRequest, conversation_id: int) -> HttpResponse:
    chat = visible_chat(request, conversation_id)
    is_note = request.POST.get("note") == "1"
    drafts.save_draft(request.user, chat, _text(request), is_note=is_note)
    return HttpResponse(status=204)


@login_required
@require_POST
def chat_note(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """A note for colleagues; `@usuario` in it calls them."""
    chat = visible_chat(request, conversation_id)
    text = _text(request).strip()
    if not text:
        return refused(request, _("Escribe la nota."))
    if len(text) > outbound.TEXT_LIMIT:
        return refused(request, _("La nota pasa de 4096 caracteres."))
    return updated(
        request, chat, notes.write(chat, text, agent=request.user, key=form_key(request))
    )


@login_required
@require_safe
def colleagues(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """Who can be mentioned in the chat's notes, as JSON."""
    chat = visible_chat(request, conversation_id)
    people = [
        {"name": user.get_username(), "full": user.get_full_name()} for user in notes.readers(chat)
    ]
    return HttpResponse(json.dumps(people), content_type="application/json")


@login_required
@require_http_methods(["GET", "POST"])
def chat_scheduled(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """What waits to be sent; POST adds one. Without `sure=1`, one that the window will keep from
    leaving is asked about first."""
    chat = visible_chat(request, conversation_id)
    if request.method == "POST":
        try:
            text, send_at = _later(request)
            if request.POST.get("sure") != "1" and (doubt := scheduled.warning(chat, send_at)):
                return _scheduled(request, chat, doubt=doubt, status=422)
            scheduled.schedule(
                chat, text, send_at=send_at, agent=request.user, key=form_key(request)
            )
        except CannotSchedule as error:
            return refused(request, str(error))
    return _scheduled(request, chat)


@login_required
@require_POST
def scheduled_change(
    request: AgentRequest, conversation_id: int, scheduled_message_id: int
) -> HttpResponse:
    """`cancel=1` cancels it; else its text and time change."""
    chat = visible_chat(request, conversation_id)
    row = get_object_or_404(
        ScheduledMessage.objects.filter(conversation=chat), pk=scheduled_message_id
    )
    try:
        if request.POST.get("cancel") == "1":
            done = scheduled.cancel(row, agent=request.user)
        else:
            text, send_at = _later(request)
            done = scheduled.change(row, text, send_at=send_at)
    except CannotSchedule as error:
        return refused(request, str(error))
    if not done:
        return refused(request, _("Ya se envió o se canceló."))
    return _scheduled(request, chat)


def _later(request: AgentRequest) -> tuple[str, dt.datetime]:
    """Text and time of the form; the browser sends the time of the company's clock. Raises
    CannotSchedule."""
    text = _text(request).strip()
    if not text:
        raise CannotSchedule(_("Escribe el mensaje."))
    if outbound.length(text) > outbound.TEXT_LIMIT:
        raise CannotSchedule(_("WhatsApp acepta hasta 4096 caracteres por mensaje."))
    try:
        moment = parse_datetime(request.POST.get("at", ""))
    except ValueError:
        moment = None
    if moment is None:
        raise CannotSchedule(_("Elige el día y la hora."))
    return text, timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _scheduled(
    request: AgentRequest, chat: Conversation, *, doubt: str = "", status: int = 200
) -> HttpResponse:
    context = {"chat": chat, "waiting": scheduled.waiting_in(chat), "doubt": doubt}
    return render(request, "conversations/_scheduled.html", context, status=status)


@login_required
@require_POST
def message_react(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """An emoji on one of the chat's messages; an empty one takes ours away."""
    chat = visible_chat(request, conversation_id)
    message = get_object_or_404(chat.messages.exclude(wamid=None), pk=message_id)
    emoji = request.POST.get("emoji", "").strip()
    if len(emoji) > 16:
        return refused(request, _("Elige un solo emoji."))
    try:
        services.react(chat, message, emoji, agent=request.user, key=form_key(request))
    except services.WindowClosed:
        return refused(request, _("Pasaron más de 24 horas: WhatsApp ya no acepta reacciones."))
    return updated(request, chat, message)


@login_required
@require_POST
def message_forward(request: AgentRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """To the chats of `to`; the answer says, by chat, what could not be sent and why."""
    chat = visible_chat(request, conversation_id)
    message = get_object_or_404(chat.messages.spoken(), pk=message_id)
    ids = [int(one) for one in request.POST.getlist("to") if one.isdecimal()][: forwarding.MOST]
    targets = list(
        Conversation.objects.visible_to(request.user).filter(pk__in=ids).select_related("contact")
    )
    if not targets:
        return refused(request, _("Elige a quién reenviarlo."))
    try:
        sent, refusals = forwarding.forward(
            message, targets, agent=request.user, key=form_key(request)
        )
    except forwarding.CannotForward as error:
        return refused(request, str(error))
    context = {"sent": sent, "refusals": refusals}
    return render(request, "conversations/_forwarded.html", context)


@login_required
@require_POST
def chat_options(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """Buttons or a list, built by the agent: `menu` is the JSON that menus.py describes."""
    chat = visible_chat(request, conversation_id)
    try:
        body, words = menus.read_menu(request.POST.get("menu", ""))
        message = services.send_as_agent(
            chat, words, body=body, agent=request.user, key=form_key(request)
        )
    except menus.BadMenu as error:
        return refused(request, str(error))
    except services.WindowClosed:
        return refused(
            request, _("Pasaron más de 24 horas: WhatsApp ya no permite responder aquí.")
        )
    return updated(request, chat, message)
