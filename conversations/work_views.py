"""What agents do with a chat from its head. GET gives the inside of a menu, POST does it.

A deed answers with no content and two events for the page: `wa:hint`, that the chat changed, and
`wa:done`, what was done and how to take it back.
"""

import datetime as dt
import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from conversations import assigning, labels, services, snoozing, states
from conversations.assigning import name_of
from conversations.labels import BadLabel
from conversations.models import Conversation, Label
from conversations.views import AgentRequest, visible_chat
from tenants.models import Role, User

MORNING = dt.time(8)
LONGEST_SNOOZE = dt.timedelta(days=365)
either = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@either
def chat_assign(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """To a person (`asesor`), to a role (`rol`), or to nobody when both are empty."""
    chat = visible_chat(request, conversation_id)
    if request.method != "POST":
        people, roles = assigning.assignable(), assigning.assignable_roles()
        context = {"chat": chat, "people": people, "roles": roles}
        return render(request, "conversations/_assign_menu.html", context)
    person, role = _chosen(User, request, "asesor"), _chosen(Role, request, "rol")
    if role is not None and role.keyword != Role.SUPERADMIN:
        assigning.give_to_role([chat], role, agent=request.user)
        text = _("Chat pasado a %(to)s") % {"to": role.name}
    elif request.POST.get("rol") or (request.POST.get("asesor") and person is None):
        return _refused(_("Ese asesor o rol ya no está."))
    else:
        assigning.assign([chat], person, agent=request.user)
        said = _("Chat asignado a %(to)s") % {"to": name_of(person)} if person else ""
        text = said or _("El chat quedó sin asignar")
    return _done_or_gone(request, chat, text)


@login_required
@require_POST
def chat_state(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """To `estado`. `desde` and `hasta` are of an undo: only from that state, and asleep again."""
    chat = visible_chat(request, conversation_id)
    state, before, slept = request.POST.get("estado", ""), chat.state, chat.snoozed_until
    if state not in Conversation.State.values:
        return _refused(_("Ese estado no existe."))
    only_from = request.POST.get("desde", "")
    changed = states.set_state([chat], state, agent=request.user, only_from=only_from)
    if not changed:
        return _done(chat, "" if only_from == "" else _("Un colega ya lo cambió."))
    until = _moment(request.POST.get("hasta", "")) if only_from else None
    if until and until > timezone.now():
        snoozing.snooze(chat, until, agent=request.user)
    back = {"estado": before, "desde": state, "hasta": slept.isoformat() if slept else ""}
    text = _("Estado: %(state)s") % {"state": Conversation.State(state).label}
    undo = "" if only_from else reverse("chat_state", args=[chat.pk])
    return _done(chat, text, undo=undo, back=back)


@login_required
@either
def chat_labels(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """Put (`poner`) or take away (`quitar`) a label, or make one (`nombre`, `color`) and put it.
    Answers with the menu as it is now."""
    chat = visible_chat(request, conversation_id)
    if request.method == "POST":
        try:
            _change_labels(request, chat)
        except BadLabel as error:
            return _refused(str(error))
    context = {
        "chat": chat,
        "labels": Label.objects.order_by("name"),
        "chosen": set(chat.labels.values_list("pk", flat=True)),
        "colours": Label.Colour.choices,
    }
    return render(request, "conversations/_label_menu.html", context)


@login_required
@either
def chat_snooze(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """Out of the list until `hasta`, or until the contact writes."""
    chat = visible_chat(request, conversation_id)
    if request.method != "POST":
        context = {"chat": chat, "choices": _snooze_choices()}
        return render(request, "conversations/_snooze_menu.html", context)
    until, now = _moment(request.POST.get("hasta", "")), timezone.now()
    if until is None:
        return _refused(_("Elige el día y la hora."))
    if not now < until < now + LONGEST_SNOOZE:
        return _refused(_("Elige una hora que esté por venir, dentro de un año como mucho."))
    snoozing.snooze(chat, until, agent=request.user)
    when = formats.date_format(timezone.localtime(until), "j M H:i")
    text = _("Pospuesto hasta el %(until)s") % {"until": when}
    return _done(chat, text, undo=reverse("chat_wake", args=[chat.pk]))


@login_required
@require_POST
def chat_wake(request: AgentRequest, conversation_id: int) -> HttpResponse:
    chat = visible_chat(request, conversation_id)
    snoozing.wake(chat, agent=request.user)
    return _done(chat)


@login_required
@require_POST
def chat_pause_bot(request: AgentRequest, conversation_id: int) -> HttpResponse:
    """The agent takes over without a word yet."""
    chat = visible_chat(request, conversation_id)
    services.hand_over(chat, agent=request.user)
    return _done(chat, _("Bot en pausa en este chat"))


def _change_labels(request: AgentRequest, chat: Conversation) -> None:
    """Raises BadLabel."""
    if "nombre" in request.POST:
        label = labels.create_label(request.POST["nombre"], request.POST.get("color", ""))
        labels.put_label([chat], label, agent=request.user)
        return
    found = _chosen(Label, request, "quitar" if "quitar" in request.POST else "poner")
    if found is None:
        raise BadLabel(_("Esa etiqueta ya no está."))
    act = labels.take_label if "quitar" in request.POST else labels.put_label
    act([chat], found, agent=request.user)


def _chosen(model: Any, request: AgentRequest, name: str) -> Any:
    """The row of that id; None where it is not offered."""
    value = request.POST.get(name, "")
    if not (value.isdecimal() and len(value) <= 18):
        return None
    rows = model.objects.filter(pk=int(value))
    return rows.filter(is_active=True).first() if model is User else rows.first()


def _snooze_choices() -> list[tuple[str, dt.datetime]]:
    now = timezone.localtime()
    days = (7 - now.weekday()) or 7
    tomorrow, monday = now.date() + dt.timedelta(days=1), now.date() + dt.timedelta(days=days)
    choices = [
        (_("1 hora"), now + dt.timedelta(hours=1)),
        (_("3 horas"), now + dt.timedelta(hours=3)),
        (_("Mañana"), _morning(tomorrow)),
    ]
    return choices if monday == tomorrow else [*choices, (_("El lunes"), _morning(monday))]


def _morning(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, MORNING))


def _moment(text: str) -> dt.datetime | None:
    """Of a clock of the company where it names no zone."""
    try:
        moment = parse_datetime(text)
        aware = timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment
        return aware.astimezone(dt.UTC) if aware else None
    except (ValueError, OverflowError):
        return None


def _refused(reason: str) -> HttpResponse:
    """The sentence alone: the page shows it in the menu."""
    return HttpResponse(reason, status=422, content_type="text/plain; charset=utf-8")


def _done(
    chat: Conversation, text: str = "", *, undo: str = "", back: dict[str, str] | None = None
) -> HttpResponse:
    """`undo`: where to post `back`."""
    said = {"text": text, "undo": undo, "back": back or {}}
    events = {"wa:hint": {"chat": chat.pk}} | ({"wa:done": said} if text else {})
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(events)})


def _done_or_gone(request: AgentRequest, chat: Conversation, text: str) -> HttpResponse:
    """Who may not see the chat any more is told so, and the chat leaves the screen."""
    if Conversation.objects.visible_to(request.user).filter(pk=chat.pk).exists():
        return _done(chat, text)
    told = _("%(text)s: ya no lo verás en tu lista.") % {"text": text}
    response = render(request, "conversations/_chat.html", {})
    events = {"wa:hint": {}, "wa:done": {"text": told, "undo": "", "back": {}}}
    for name, value in {
        "HX-Trigger": json.dumps(events),
        "HX-Retarget": "#chat",
        "HX-Reswap": "outerHTML",
        "HX-Push-Url": reverse("inbox"),
    }.items():
        response[name] = value
    return response
