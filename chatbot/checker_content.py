"""What one rule says: reply, options, files, quote, role and function. Pure."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from chatbot.checker_types import Facts, Finding, MediaFacts, about
from chatbot.models import Rule
from chatbot.options import OptionsError, parse_options
from chatbot.quotes import FormulaError, check_formula
from chatbot.replies import sends_form, usable_options
from chatbot.reply_files import is_sendable, media_kind
from chatbot.rule_checks import reply_problems, words_of
from chatbot.rule_data import RuleData
from conversations.whatsapp.files import TYPES, FileRefused, kind_of_file
from conversations.whatsapp.outbound import MEDIA_BYTES_LIMIT

_MEDIA_KINDS = frozenset({Rule.Kind.IMAGE, Rule.Kind.VIDEO, Rule.Kind.AUDIO, Rule.Kind.DOCUMENT})
_WITH_OPTIONS = frozenset({Rule.Kind.BUTTONS, Rule.Kind.LIST, Rule.Kind.FLOW})
_TOTAL = re.compile(r"\{total(?::,|:,\.2f)?\}")  # what a quote fills in
_LIKE_TOTAL = re.compile(r"\{\s*total[^}]*\}", re.IGNORECASE)


def content_findings(facts: Facts) -> Iterator[Finding]:
    for rule in facts.book.rules.values():
        yield from _reply(rule)
        yield from _options(rule)
        yield from _quote(rule)
        yield from _medias(rule, facts)
        yield from _names(rule, facts)


def _reply(rule: RuleData) -> Iterator[Finding]:
    words = words_of(rule, has_medias=bool(rule.medias))
    for _field, reason in reply_problems(words):
        if rule.reply:
            yield about(rule, "error", "respuesta_larga", _too_long(reason), "reply")
        else:
            yield about(rule, "error", "sin_respuesta", _no_reply(), "reply")


def _too_long(reason: str) -> str:
    return _(
        "La respuesta %(reason)s El cliente la recibe partida en varios mensajes: acórtala."
    ) % {"reason": reason}


def _no_reply() -> str:
    return _("Falta la respuesta: el cliente no recibe nada. Escríbela.")


def _options(rule: RuleData) -> Iterator[Finding]:
    try:
        options = parse_options(rule.kind, rule.options)
    except OptionsError as error:
        message = _(
            "Opciones: %(reason)s El cliente recibe solo el texto, sin nada que tocar. "
            "Corrige las opciones."
        ) % {"reason": error}
        yield about(rule, "error", "opciones_malas", message, "options")
        return
    if rule.options and rule.kind not in _WITH_OPTIONS:
        message = _(
            "Tiene opciones, pero por su tipo no se envían: el cliente recibe la respuesta sin "
            "botones ni lista. Cambia el tipo o borra las opciones."
        )
        yield about(rule, "warning", "opciones_sin_enviar", message, "kind")
    elif options is None and rule.kind in _WITH_OPTIONS:
        message = _(
            "No tiene opciones, así que llega como texto. Agrega las opciones o cambia el tipo "
            "a Texto."
        )
        yield about(rule, "info", "sin_opciones", message, "options")
    if sends_form(rule) and not rule.next_step.strip() and not rule.hands_over:
        message = _(
            "Cuando el cliente envía el formulario no recibe nada. Escribe un paso siguiente."
        )
        yield about(rule, "warning", "formulario_sin_siguiente", message, "next_step")


def _quote(rule: RuleData) -> Iterator[Finding]:
    if rule.formula.strip():
        yield from _formula(rule)
    elif _TOTAL.search(rule.reply):
        message = _(
            "La respuesta lleva {total} y la regla no tiene cálculo: el cliente lee «{total}» "
            "tal cual. Escribe el cálculo o quita {total}."
        )
        yield about(rule, "warning", "total_sin_calculo", message, "formula")
        return
    odd = [found[0] for found in _LIKE_TOTAL.finditer(rule.reply) if not _TOTAL.fullmatch(found[0])]
    if odd:
        message = _(
            "«%(written)s» no se reemplaza: el cliente lo lee tal cual. Escribe {total}, "
            "{total:,} o {total:,.2f}."
        ) % {"written": odd[0][:40]}
        yield about(rule, "warning", "total_mal_escrito", message, "reply")


def _formula(rule: RuleData) -> Iterator[Finding]:
    try:
        check_formula(rule.formula)
    except FormulaError as error:
        message = _(
            "Cálculo: %(reason)s El cliente recibe «Por favor ingresa la medida correcta.» "
            "escriba lo que escriba. Corrige el cálculo."
        ) % {"reason": error}
        yield about(rule, "error", "calculo_malo", message, "formula")
        return
    if rule.reply.strip() and not _LIKE_TOTAL.search(rule.reply):
        message = _(
            "Hay un cálculo y la respuesta no lleva {total}: el cliente no ve el resultado. "
            "Escribe {total:,} donde deba salir."
        )
        yield about(rule, "info", "calculo_sin_total", message, "reply")


def _medias(rule: RuleData, facts: Facts) -> Iterator[Finding]:
    if rule.kind in _MEDIA_KINDS and not rule.medias:
        message = _(
            "No tiene archivo: el cliente recibe solo el texto. Sube el archivo o escribe su "
            "dirección."
        )
        yield about(rule, "warning", "sin_archivo", message, "medias")
    for media in rule.medias:
        if media.file_id is not None and facts.files is not None:
            kind = media_kind(media, rule.kind)
            yield from _file(rule, kind, facts.files.get(media.file_id))
        elif media.file_id is None and not is_sendable(media):
            message = _(
                "«%(url)s» no es una dirección http(s) completa: ese archivo no se envía. "
                "Corrígela."
            ) % {"url": media.url[:80]}
            yield about(rule, "error", "direccion_mala", message, "medias")
    if _plays_audio(rule) and rule.reply.strip() and usable_options(rule) is None:
        message = _("Un audio no lleva texto: la respuesta llega antes, en otro mensaje.")
        yield about(rule, "info", "audio_con_texto", message, "reply")


def _file(rule: RuleData, kind: str, file: MediaFacts | None) -> Iterator[Finding]:
    if file is None or not file.exists:
        message = _("El archivo ya no está en el servidor y no se envía. Súbelo de nuevo.")
        yield about(rule, "error", "archivo_perdido", message, "medias")
    elif file.size > MEDIA_BYTES_LIMIT[kind]:
        message = _(
            "El archivo pesa %(size)s MB y WhatsApp acepta %(limit)s MB: no llega. "
            "Sube uno más liviano."
        ) % {"size": _megabytes(file.size), "limit": _megabytes(MEDIA_BYTES_LIMIT[kind])}
        yield about(rule, "error", "archivo_pesado", message, "medias")
    elif reason := _refused_type(kind, file.mime_type):
        message = _("El archivo no llega al cliente. %(reason)s") % {"reason": reason}
        yield about(rule, "error", "archivo_no_aceptado", message, "medias")


def _refused_type(kind: str, mime_type: str) -> str:
    """Why WhatsApp does not take such a file as that kind, or nothing."""
    if not mime_type or kind not in TYPES:
        return ""
    try:
        kind_of_file(mime_type.partition(";")[0].strip().lower(), kind)
    except FileRefused as error:
        return str(error)
    return ""


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}".removesuffix(".0").replace(".", ",")


def _plays_audio(rule: RuleData) -> bool:
    sent = [media for media in rule.medias if media.file_id is not None or is_sendable(media)]
    return bool(sent) and media_kind(sent[0], rule.kind) == "audio"


def _names(rule: RuleData, facts: Facts) -> Iterator[Finding]:
    role = rule.role_keyword.strip()
    if role and role.lower() not in facts.roles:
        message = _(
            "El rol «%(role)s» no existe: la respuesta llega, pero el chat no cambia de rol. "
            "Créalo o corrige el nombre."
        ) % {"role": role}
        yield about(rule, "warning", "rol_desconocido", message, "role_keyword")
    handler = rule.handler.strip()
    if handler and handler not in facts.handlers:
        message = _(
            "La función «%(handler)s» no existe: la regla responde sin ella. Corrige el nombre "
            "o bórralo."
        ) % {"handler": handler}
        yield about(rule, "warning", "funcion_desconocida", message, "handler")
