"""The simulator: a phone on which the person talks with the rules, published or not.

Nothing is stored, sent or run; saving the conversation as a scenario is the one thing written.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot import scenarios
from chatbot.models import Rule
from chatbot.page_context import page_context
from chatbot.rule_sources import LIVE, Source, source_of
from chatbot.scenarios import SAY_LIMIT, TURNS_LIMIT, Say
from chatbot.services import engine_settings
from chatbot.simulation import BadSays, read_say, read_says, simulate
from whapco.lib.text import normalize_step

MEDIA: Mapping[str, Any] = {  # as the contact's phone offers them
    "@imagen": gettext_lazy("Imagen"),
    "@video": gettext_lazy("Video"),
    "@audio": gettext_lazy("Nota de voz"),
    "@documento": gettext_lazy("Documento"),
    "@ubicacion": gettext_lazy("Ubicación"),
    "@contacto": gettext_lazy("Contacto"),
    "@sticker": gettext_lazy("Sticker"),
}


@dataclass
class Talk:
    """What the page keeps, and what it is told about it."""

    source: Source
    start: str = ""
    says: list[Say] = field(default_factory=list)
    name: str = ""
    note: str = ""
    error: str = ""

    def say(self, said: Say) -> None:
        if len(self.says) >= TURNS_LIMIT:
            self.error = _(
                "La prueba ya tiene %(limit)d mensajes: guárdala como escenario o empieza otra."
            ) % {"limit": TURNS_LIMIT}
        else:
            self.says.append(said)


def show_simulator(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        talk = _posted(request)
    else:
        talk = Talk(source_of(request), normalize_step(request.GET.get("step", "")))
    rules = tuple(scenarios.rules_of(talk.source))
    if request.POST.get("do") == "save":
        _save(talk, rules, by=str(request.user))
    book = scenarios.rulebook_of(rules)
    if talk.start and talk.start not in book.steps:
        talk.error = talk.error or _("No hay ningún paso «%(step)s» en estas reglas.") % {
            "step": talk.start
        }
    settings = engine_settings()
    context = page_context(admin, request, _("Probar las reglas")) | {
        "talk": talk,
        "is_live": talk.source == LIVE,
        "says": json.dumps(talk.says),
        "phone": simulate(book, talk.start, talk.says, settings, timezone.now()),
        "steps": list(book.steps),
        "initial": normalize_step(settings.initial_step),
        "media": MEDIA,
        "text_limit": SAY_LIMIT,
    }
    part = request.headers.get("HX-Request") == "true"
    name = "_simulator.html" if part else "simulator.html"
    return TemplateResponse(request, f"admin/chatbot/rule/{name}", context)


def _posted(request: HttpRequest) -> Talk:
    """The page's fields, with what was just done. Raises BadRequest for what no page sends."""
    post = request.POST
    try:
        talk = Talk(
            source_of(request),
            normalize_step(post.get("start", ""))[:120],
            read_says(post.get("says", "")),
            post.get("name", "").strip()[:120],
        )
        _do(talk, post)
    except (BadSays, ValueError, RecursionError):
        raise BadRequest from None
    return talk


def _do(talk: Talk, post: Mapping[str, str]) -> None:
    text = post.get("text", "")[:SAY_LIMIT].strip()
    if "tap" in post:
        talk.say(read_say(json.loads(post["tap"])))
    elif "media" in post:
        talk.say(read_say({"media": post["media"], "text": text}))
    elif post.get("do") == "reset":
        talk.says = []
    elif post.get("do") == "undo":
        talk.says = talk.says[:-1]
    elif post.get("do") in ("draft", "live"):
        talk.source = LIVE if post["do"] == LIVE else "draft"
    elif post.get("do") == "say" and text:
        talk.say(text)


def _save(talk: Talk, rules: tuple[Any, ...], *, by: str) -> None:
    if not talk.says:
        talk.error = _("Escribe algo primero: un escenario guarda lo que dijo el cliente.")
    elif not talk.name:
        talk.error = _("Ponle un nombre al escenario, por ejemplo «Cotiza una barra».")
    else:
        book = scenarios.rulebook_of(rules)
        first = simulate(book, talk.start, (), engine_settings(), timezone.now()).first_step
        scenarios.make(talk.name, talk.says, rules, start_step=first, by=by)
        talk.note = _("Guardado el escenario «%(name)s».") % {"name": talk.name}
        talk.name = ""
