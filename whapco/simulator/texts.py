"""The Spanish words of the phone page, for its template and its script."""

from django.utils.translation import gettext as _


def for_template() -> dict[str, object]:
    return {
        "texts": _about_messages() | _about_meta(),
        "failures": _failures(),
        "signatures": _signatures(),
    }


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
        ("valid", _("Correcta")),
        ("wrong", _("Equivocada")),
        ("missing", _("Sin firma")),
    ]


def _about_messages() -> dict[str, str]:
    return {
        "you": _("Tú"),
        "business": _("Empresa"),
        "gone": _("Mensaje original no disponible"),
        "failed": _("No entregado"),
        "accepted": _("Aceptado por Meta"),
        "sent": _("Enviado"),
        "delivered": _("Entregado"),
        "read": _("Leído"),
        "played": _("Reproducido"),
        "shareLocation": _("Compartir mi ubicación"),
        "document": _("Documento"),
        "image": _("Imagen"),
        "video": _("Video"),
        "audio": _("Audio"),
        "sticker": _("Sticker"),
        "unknown": _("Mensaje que este teléfono no sabe mostrar"),
        "quote": _("Responder a este mensaje"),
        "like": _("Reaccionar con 👍"),
        "newChat": _("Escribe el primer mensaje: el bot contesta aquí mismo."),
        "typing": _("escribiendo…"),
        "online": _("en línea"),
    }


def _about_meta() -> dict[str, str]:
    return {
        "noNumbers": _("Aún no hay números"),
        "addFirst": _("Agrega en «Meta» el número de una empresa para empezar."),
        "offline": _("Sin conexión con el simulador"),
        "toMeta": _("a Meta"),
        "toProduct": _("a whapco"),
        "noAnswer": _("sin respuesta"),
        "request": _("Petición"),
        "answer": _("Respuesta"),
        "failedAction": _("No se pudo:"),
    }
