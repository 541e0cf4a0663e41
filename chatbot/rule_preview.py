"""What a rule would send, shown while somebody writes it. Nothing is stored."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatbot.engine import Send
from chatbot.replies import words_for
from chatbot.rule_checks import find_problems, words_of
from chatbot.rule_data import MediaRef, RuleData
from conversations.whatsapp import outbound
from media_pipeline.models import MediaFile
from whapco.lib.cells import read_json
from whapco.lib.spreadsheets import BadCell

MEDIAS_SHOWN = 30
_CHOSEN = "https://elegido/"  # stands for a file that was chosen and is not uploaded yet


@dataclass(frozen=True)
class Preview:
    sends: tuple[Send, ...]
    problems: tuple[str, ...]


@method_decorator(require_POST)
def show_preview(admin: object, request: HttpRequest) -> HttpResponse:
    """A fragment: the bubbles of the form as it stands, and what would be refused."""
    context = vars(preview_of(request.POST))
    return render(request, "admin/chatbot/rule/_preview.html", context)


def preview_of(post: QueryDict, reply_name: str = "reply") -> Preview:
    options, problem = _options(post.get("options", ""))
    rule = RuleData(
        id=0,
        step=post.get("step", "")[:120],
        trigger="",
        kind=post.get("kind", ""),
        reply=post.get(reply_name, "").replace("\r\n", "\n"),
        options=options,
        formula=post.get("formula", ""),
        handler=post.get("handler", ""),
        medias=tuple(_medias(post)),
    )
    words = words_of(rule, has_medias=bool(rule.medias))
    problems = [reason[:1].upper() + reason[1:] for _field, reason in find_problems(words)]
    return Preview(tuple(sends_of(rule)), (*problem, *problems))


def sends_of(rule: RuleData) -> list[Send]:
    """The messages of a rule, its own files called by their names."""
    sent = words_for(rule, rule.reply)
    names = dict(
        MediaFile.objects.filter(
            pk__in=[media.file_id for media in rule.medias if media.file_id is not None]
        ).values_list("pk", "original_name")
    )
    return [
        Send(_named(words, names), body, kind, rule_id=rule.id or None, step=rule.step)
        for words, body, kind in sent
    ]


def _named(words: outbound.Words, names: dict[int, str]) -> outbound.Words:
    file_id = outbound.pending_file(words)
    if file_id is None:
        return words
    content = {**words[words["type"]], "filename": names.get(file_id) or _("archivo")}
    return {**words, words["type"]: content}


def _options(text: str) -> tuple[Any, list[str]]:
    try:
        return read_json(text.strip()), []
    except BadCell as error:
        said = str(error)
        return None, [_("Opciones: %(reason)s") % {"reason": said}]


def _medias(post: QueryDict) -> Iterable[MediaRef]:
    """In the order that the form gives them."""
    found = [(_number(post.get(f"medias-{n}-position")), n) for n in range(MEDIAS_SHOWN)]
    for _position, n in sorted(found):
        yield from _media(post, f"medias-{n}-")


def _media(post: QueryDict, prefix: str) -> Iterator[MediaRef]:
    kind, chosen = post.get(f"{prefix}kind", ""), post.get(f"{prefix}upload", "")
    if post.get(f"{prefix}DELETE"):
        return
    media = MediaRef(kind=kind, url=post.get(f"{prefix}url", "").strip())
    file_id = _number(post.get(f"{prefix}file"))
    if chosen:
        yield replace(media, url=_CHOSEN + chosen.replace("/", " ").replace("?", " "))
    elif file_id:
        yield replace(media, url="", file_id=file_id)
    elif media.url:
        yield media


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 18 else 0
