"""The Spanish words of the phone page, for its template and its script."""

from django.utils.translation import gettext as _


def for_template() -> dict[str, object]:
    return {"texts": _for_script(), "failures": _failures(), "signatures": _signatures()}


def _failures() -> list[tuple[str, str]]:
    """(outcome for `fail_next`, what it means), in the order of the menu."""
    return [
        ("131047", _("131047 · Ventana de 24 horas cerrada")),
        ("131026", _("131026 · El cliente no tiene WhatsApp")),
        ("131053", _("131053 · Archivo que Meta no pudo bajar")),
        ("131056", _("131056 · Demasiados mensajes al mismo cliente")),
        ("130429", _("130429 · Demasiados mensajes del número")),
        ("131030", _("131030 · Cliente fuera de la lista de prueba")),
        ("190", _("190 · Token vencido")),
        ("131031", _("131031 · Cuenta bloqueada")),
        ("131000", _("131000 · Error interno con explicación")),
        ("500", _("500 · Página de error sin explicación")),
        ("timeout", _("Aceptado, pero la respuesta no llega")),
        ("drop", _("Aceptado, pero se corta la conexión")),
        ("lost", _("No aceptado y se corta la conexión")),
    ]


def _signatures() -> list[tuple[str, str]]:
    return [
        ("valid", _("Firma correcta")),
        ("wrong", _("Firma equivocada")),
        ("missing", _("Sin firma")),
    ]


def _for_script() -> dict[str, str]:
    """Words that the script puts on the page."""
    return {
        "you": _("Tú"),
        "business": _("Empresa"),
        "gone": _("Mensaje original no disponible"),
        "failed": _("No entregado"),
        "statusAccepted": _("Aceptado por Meta"),
        "statusSent": _("Enviado"),
        "statusDelivered": _("Entregado"),
        "statusRead": _("Leído"),
        "statusPlayed": _("Reproducido"),
        "openList": _("Ver opciones"),
        "sendForm": _("Enviar formulario"),
        "shareLocation": _("Compartir mi ubicación"),
        "document": _("Documento"),
        "image": _("Imagen"),
        "video": _("Video"),
        "audio": _("Audio"),
        "voice": _("Nota de voz"),
        "sticker": _("Sticker"),
        "contact": _("Contacto"),
        "location": _("Ubicación"),
        "unknown": _("Mensaje que este teléfono no sabe mostrar"),
        "noNumbers": _("Aún no hay números"),
        "newChat": _("Sin mensajes todavía"),
        "typing": _("escribiendo…"),
        "online": _("en línea"),
        "offline": _("Sin conexión con el simulador"),
        "quote": _("Responder a este mensaje"),
        "like": _("Reaccionar con 👍"),
        "callIn": _("a Meta"),
        "callOut": _("a la empresa"),
        "bytes": _("bytes"),
        "planned": _("Fallos pendientes:"),
        "clock": _("Reloj de Meta adelantado:"),
        "hours": _("h"),
        "undelivered": _("Webhooks por entregar:"),
        "today": _("Hoy"),
        "failedAction": _("No se pudo:"),
    }
