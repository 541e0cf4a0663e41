"""An explanation in sentences, for people who do not know the engine."""

from django.utils.translation import gettext as _

from chatbot.explaining import Cause, Explanation, Tried, Verdict
from chatbot.models import Rule
from chatbot.rule_data import CONTAINS, RuleData
from chatbot.why import COMMAND, FALLBACK, TIMEOUT, Why


def reason(why: Why) -> str:
    """What made the bot say it."""
    if why.explanation is not None:
        return _of_rule(why.explanation)
    if why.message.rule_id is None:
        return _of_no_rule(why.source)
    if why.rule is None:
        return _("La respuesta vino de una regla que ya no está en las reglas que conocemos.")
    if why.heard is None:
        return _(
            "Nadie acababa de escribir: el chat entró en este paso porque un asesor lo devolvió"
            " al bot."
        )
    return _(
        "No se pudo reconstruir qué la hizo responder: puede haber intervenido un asesor, una"
        " función de la empresa o un ajuste que cambió después."
    )


def _of_rule(found: Explanation) -> str:
    if found.cause is Cause.ENTERED:
        return _entered(found)
    if found.cause is Cause.TEXT and found.rule.match == CONTAINS:
        return _("El mensaje contiene las palabras de la regla.")
    return {
        Cause.TEXT: _("El mensaje es igual al texto de la regla."),
        Cause.MEDIA: _("El cliente envió un archivo y la regla responde a esa clase de archivos."),
        Cause.ANYTHING: _("Ninguna otra regla del paso coincidió: esta («*») responde a lo demás."),
        Cause.TAP: _("El cliente tocó una opción que esta regla responde."),
        Cause.WELCOME: _("Es la bienvenida: el cliente era nuevo o su sesión se había cerrado."),
        Cause.RESTART: _("El cliente pidió volver a empezar y esta es la bienvenida."),
    }[found.cause]


def _entered(found: Explanation) -> str:
    if found.came_from is not None:
        return _("Se envía al entrar en el paso, y a él llevó la regla «%(rule)s».") % {
            "rule": label(found.came_from)
        }
    if found.by_tap:
        return _("El cliente tocó una opción o llenó un formulario que lleva a este paso.")
    return _("Se envía al entrar en el paso.")


def _of_no_rule(source: str) -> str:
    return {
        FALLBACK: _(
            "Ninguna regla del paso coincidió: se envió el texto para cuando no se entiende."
        ),
        TIMEOUT: _("La sesión se cerró porque el cliente dejó de escribir."),
        COMMAND: _("El mensaje contenía un comando que funciona en cualquier paso."),
    }.get(source, _("No viene de una regla: es un texto del sistema o de un ajuste de la empresa."))


def verdict(tried: Tried, said: str) -> str:
    """What became of one rule, with what was compared."""
    match tried.verdict:
        case Verdict.WON:
            return _("Esta respondió.")
        case Verdict.LATER:
            return _("También coincide, pero va después por su prioridad.")
        case Verdict.ONLY_ELSE:
            return _("Solo responde si ninguna otra coincide.")
        case Verdict.ONLY_FILES:
            return _("Solo responde a archivos.")
        case Verdict.NOT_INSIDE:
            return _("«%(said)s» no contiene esas palabras completas.") % {"said": said}
        case Verdict.OTHER_TEXT:
            return _("«%(said)s» no es igual a su texto.") % {"said": said}


def label(rule: RuleData) -> str:
    return f"{rule.step} · {rule.trigger}"


def field_names(names: tuple[str, ...]) -> list[str]:
    """Of RuleData, as the form calls them."""
    labels = {field.name: str(field.verbose_name) for field in Rule._meta.concrete_fields}
    return [labels.get(name, _("archivos")) for name in names]
