"""The workbook that a company downloads to write its rules in."""

from django.utils.translation import gettext as _

from chatbot.handlers import HANDLERS
from chatbot.models import Rule
from chatbot.rule_sheet import RULE_COLUMNS
from tenants.models import Role
from whapco.lib.sheet_templates import Guide, Template, write_template

_BUTTONS = '[{"id": "si", "title": "Sí", "step": "pago"}, {"id": "no", "title": "No"}]'
_LIST = """{"header": "Menú principal", "button": "Ver opciones", "footer": "Elige una",
 "sections": [{"title": "Ventas", "rows": [
  {"id": "precios", "title": "Precios", "description": "Por metro", "step": "precios"}]}]}"""


def rule_template() -> bytes:
    """With the roles of the active company to choose from."""
    roles = list(Role.objects.order_by("keyword").values_list("keyword", flat=True))
    titles = [column.name for column in RULE_COLUMNS]
    guides = {**_first_guides(), **_other_guides(roles)}
    return write_template(Template("reglas", titles, guides, _examples()))


def _first_guides() -> dict[str, Guide]:
    kinds = [kind.value for kind in Rule.Kind]
    return {
        "step": Guide(_("Obligatoria. El paso en el que está el cliente: menu_principal."), 18),
        "input_text": Guide(
            _(
                "Obligatoria. Lo que escribe el cliente; varias formas separadas por comas. "
                "* es cualquier cosa; @imagen, @audio o @ubicacion si manda eso; "
                "iniciar es la bienvenida."
            ),
            24,
        ),
        "respuesta": Guide(_("Lo que contesta el bot. Para ir a otra línea: Alt + Intro."), 50),
        "siguiente_step": Guide(
            _("El paso al que va después. Vacía: se queda. Varios con comas: los recorre."), 18
        ),
        "tipo": Guide(_("Cómo sale la respuesta. Vacía: texto."), 12, kinds),
        "media_url": Guide(
            _("Direcciones https:// de los archivos, una por línea. Vacía: ninguno."), 30
        ),
        "media_tipo": Guide(
            _("Qué es cada archivo. Vacía: se sabe por la dirección."),
            14,
            ["image", "video", "audio", "document"],
        ),
        "opciones": Guide(
            _("Los botones o la lista, en JSON: copia los de la hoja de ejemplos."), 40
        ),
    }


def _other_guides(roles: list[str]) -> dict[str, Guide]:
    return {
        "rol_keyword": Guide(_("El rol que atiende el chat desde aquí."), 16, roles),
        "calculo": Guide(
            _("Una cuenta con medida, o con p1 y p2: medida*1700. {total:,} la muestra."),
            22,
        ),
        "handler": Guide(_("Una función del programa. Casi siempre vacía."), 14, list(HANDLERS)),
        "prioridad": Guide(_("Un número entero: la menor gana. Vacía: 100."), 10),
        "coincidencia": Guide(
            _("exacta: el mensaje es eso. contiene: está dentro del mensaje. Vacía: exacta."),
            14,
            [match.value for match in Rule.Match],
        ),
        "derivar": Guide(_("si: el bot calla y atiende una persona."), 10, ["si", "no"]),
    }


def _examples() -> list[dict[str, str]]:
    menu = "menu_principal"
    return [
        {"step": menu, "input_text": "iniciar", "respuesta": _("¡Hola! 👋"), "tipo": "lista"}
        | {"opciones": _LIST},
        {"step": menu, "input_text": "horario, hora", "coincidencia": "contiene"}
        | {"respuesta": _("Abrimos de lunes a sábado, de 8 a 18.")},
        {"step": menu, "input_text": "asesor", "respuesta": _("Ya te atienden."), "derivar": "si"},
        {"step": "precios", "input_text": "*", "siguiente_step": "medida"}
        | {"respuesta": _("¿Cuántos centímetros?")},
        {"step": "medida", "input_text": "*", "calculo": "medida*1700", "siguiente_step": "pedir"}
        | {"respuesta": _("Vale {total:,}.")},
        {"step": "pedir", "input_text": "*", "respuesta": _("¿Lo pides?"), "tipo": "boton"}
        | {"opciones": _BUTTONS},
        {"step": "pago", "input_text": "*", "respuesta": _("Así se paga."), "tipo": "image"}
        | {"media_url": "https://ejemplo.com/pago.jpg"},
    ]
