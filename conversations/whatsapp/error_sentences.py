"""Every error code of Meta in a sentence for people: what happened, and what to do next.

Kept in Python, apart from errors.json, so that makemessages finds the sentences.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

SENTENCES: Final[dict[int, str]] = {
    0: _("Meta ya no acepta la clave de acceso. Genera otra y guárdala en la empresa."),
    1: _("Meta tuvo un fallo sin explicación. Se reintenta solo; si sigue, avisa a soporte."),
    2: _("El servicio de Meta está caído o saturado. Se reintenta solo en unos segundos."),
    3: _("La aplicación no tiene la capacidad que pide Meta. Revisa sus permisos en Meta."),
    4: _("La aplicación hizo demasiadas llamadas a Meta. Los envíos esperan unos minutos."),
    10: _("Falta un permiso de WhatsApp o fue retirado. Concédelo en Meta y guarda otra clave."),
    33: _("Meta no encuentra ese número o archivo. Revisa el identificador en la empresa."),
    100: _("Meta no aceptó el formato del mensaje. Corrígelo o avisa a soporte."),
    102: _("La sesión con Meta terminó. Genera otra clave de acceso y guárdala en la empresa."),
    104: _("La empresa no tiene clave de acceso de Meta. Guárdala en los datos de la empresa."),
    190: _("La clave de acceso de Meta venció o fue anulada. Genera otra y guárdala."),
    200: _("La clave de acceso no tiene permiso sobre este número. Concédelo en Meta."),
    368: _("Meta bloqueó la cuenta por un tiempo por sus políticas. Revisa la calidad en Meta."),
    460: _("La clave de acceso cayó al cambiar la contraseña en Meta. Genera otra y guárdala."),
    463: _("La clave de acceso de Meta venció. Genera una permanente y guárdala en la empresa."),
    467: _("La clave de acceso de Meta fue anulada. Genera otra y guárdala en la empresa."),
    613: _("Se pasó el límite de llamadas a Meta. Los envíos esperan unos minutos."),
    2500: _("La dirección de la API de Meta es incorrecta. Revisa host y versión en los ajustes."),
    80007: _("La cuenta de WhatsApp llegó a su límite de llamadas. Los envíos esperan y siguen."),
    130429: _("El número envía demasiado rápido. Los mensajes esperan y salen solos."),
    130472: _("Meta excluyó a este cliente de la publicidad. Escríbele cuando él te escriba."),
    130497: _("La cuenta no puede escribir a clientes de ese país. Contáctalo por otro medio."),
    131000: _("Meta falló al enviar, sin decir por qué. Vuelve a enviar el mensaje."),
    131005: _("Meta negó el acceso. Revisa los permisos de la clave y guarda una nueva."),
    131008: _("Al mensaje le falta un dato obligatorio. Complétalo o avisa a soporte."),
    131009: _("Un dato del mensaje no es válido para Meta. Corrígelo y vuelve a enviarlo."),
    131016: _("WhatsApp no está disponible ahora. Se reintenta solo en unos segundos."),
    131021: _("El destinatario es el mismo número de la empresa. Escribe a otro número."),
    131026: _(
        "WhatsApp no pudo entregar: el número no tiene WhatsApp, usa una versión vieja o "
        "bloqueó a la empresa. Contáctalo por otro medio."
    ),
    131030: _(
        "El número no está en la lista permitida de la cuenta de prueba. Agrégalo en Meta y "
        "vuelve a enviar."
    ),
    131031: _("Meta bloqueó la cuenta de WhatsApp. Pide la revisión en el administrador de Meta."),
    131037: _("Falta aprobar el nombre visible del número. Complétalo en Meta y reenvía."),
    131042: _("Hay un problema de pago en la cuenta de Meta. Revisa el método de pago y reenvía."),
    131045: _("El número no está bien registrado en WhatsApp. Regístralo de nuevo en Meta."),
    131047: _(
        "Pasaron más de 24 horas desde el último mensaje del cliente. Envía una plantilla o "
        "espera a que escriba."
    ),
    131048: _("Muchos clientes bloquearon o reportaron este número. Detén las campañas."),
    131049: _(
        "Meta no entregó el mensaje para no saturar al cliente. Espera al menos 24 horas antes "
        "de repetirlo."
    ),
    131050: _("El cliente pidió no recibir publicidad. No le envíes más mensajes de mercadeo."),
    131051: _("WhatsApp no admite este tipo de mensaje. Pide o envía el contenido de otra forma."),
    131052: _("No se pudo descargar el archivo del cliente. Pídele que lo envíe de nuevo."),
    131053: _("Meta no pudo cargar el archivo. Revisa enlace, formato y tamaño, y reenvía."),
    131055: _("Este envío no está permitido por esa vía de Meta. Avisa a soporte."),
    131056: _("Demasiados mensajes seguidos a este cliente. El mensaje espera y sale solo."),
    131057: _("Meta tiene la cuenta en mantenimiento. Se reintenta solo en un minuto."),
    131058: _("La plantilla hello_world solo sirve en números de prueba. Usa otra plantilla."),
    131060: _("WhatsApp no muestra este mensaje a la empresa. Pide al cliente que lo repita."),
    131062: _("Ese mensaje necesita el número de teléfono del cliente. Pídeselo y reenvía."),
    131063: _("La cuenta ya no envía mercadeo por esta vía. Revisa la configuración en Meta."),
    131064: _("La cuenta llegó al límite por plantillas mal clasificadas. Revísalas en Meta."),
    132000: _("La plantilla pide otra cantidad de datos. Actualiza la lista y complétalos."),
    132001: _("La plantilla no existe o no está aprobada en ese idioma. Elige otra plantilla."),
    132005: _("El texto de la plantilla quedó demasiado largo. Acorta los datos y reenvía."),
    132007: _("La plantilla usa caracteres que Meta no permite. Corrígela en Meta."),
    132008: _("Un dato de la plantilla no es válido. Revísalo y vuelve a enviarla."),
    132012: _("Un dato de la plantilla es de otro tipo. Actualiza la lista y complétala de nuevo."),
    132015: _("Meta pausó la plantilla por baja calidad. Usa otra mientras la mejoras."),
    132016: _("Meta desactivó la plantilla para siempre. Crea otra o elige una distinta."),
    132018: _(
        "Un dato de la plantilla tiene saltos de línea o muchos espacios. Escríbelo seguido."
    ),
    132068: _("Meta bloqueó el formulario. Corrígelo en Meta antes de enviarlo otra vez."),
    132069: _("El formulario está limitado por Meta. El envío espera; revisa su calidad."),
    133000: _("La baja anterior del número quedó a medias. Dalo de baja de nuevo y regístralo."),
    133004: _("El servidor de Meta no responde por ahora. Se reintenta solo en unos segundos."),
    133005: _("El PIN de verificación en dos pasos no coincide. Escribe el PIN correcto."),
    133006: _("Meta pide verificar otra vez el número. Solicita el código y confírmalo."),
    133008: _("Se probaron demasiados PIN. Espera el tiempo que indica Meta y prueba de nuevo."),
    133009: _("El PIN se escribió demasiado rápido. Espera un momento y prueba otra vez."),
    133010: _("El número no está registrado en la API de WhatsApp. Regístralo con su PIN."),
    133015: _("El número se dio de baja hace poco. Espera cinco minutos para registrarlo."),
    133016: _("Se registró el número demasiadas veces. Espera 72 horas para repetirlo."),
    134011: _("Faltan por aceptar los términos de pagos de WhatsApp. Acéptalos en Meta."),
    134100: _("Por esa vía solo salen mensajes de mercadeo. Avisa a soporte."),
    134101: _("La plantilla aún se está sincronizando. El envío espera unos diez minutos."),
    134102: _("La plantilla no está disponible para esta cuenta. Revísala en Meta."),
    135000: _("Meta rechazó el mensaje o la plantilla por mal armados. Revisa sus datos."),
    137000: _("El cliente cambió de teléfono o reinstaló WhatsApp. Confirma que es él y reenvía."),
    139000: _("Meta bloqueó el formulario por integridad. Revisa la cuenta en Meta."),
    139100: _("No se pudo bloquear a algunos clientes. Revisa cuáles y repite con ellos."),
    139101: _("La lista de bloqueados está llena. Desbloquea a alguien antes de seguir."),
    139102: _("Otra persona cambió la lista de bloqueados a la vez. Se reintenta solo."),
    139103: _("Meta falló al bloquear. Se reintenta solo en unos segundos."),
    2388019: _("La cuenta llegó a su máximo de plantillas. Borra alguna que no uses."),
    2388023: _("Ese nombre e idioma se están borrando. Usa otro nombre o espera 30 días."),
    2388024: _("Ya existe una plantilla con ese nombre e idioma. Cambia el nombre."),
    2388040: _("Un campo de la plantilla es demasiado largo. Acórtalo y guárdala otra vez."),
    2388047: _("El encabezado de la plantilla tiene un formato no permitido. Corrígelo."),
    2388072: _("El cuerpo de la plantilla tiene un formato no permitido. Corrígelo."),
    2388073: _("El pie de la plantilla tiene un formato no permitido. Corrígelo."),
    2388293: _(
        "La plantilla tiene demasiadas variables para su texto. Alarga el texto o quita una."
    ),
    2388299: _("La plantilla empieza o termina con una variable. Agrega texto antes o después."),
    2494100: _("Meta tiene la cuenta en mantenimiento. Se reintenta solo en unos minutos."),
    2593107: _("Ya se pidió la sincronización del celular. No hace falta repetirla."),
    2593108: _("Pasaron las 24 horas para sincronizar el celular. Conecta el número de nuevo."),
    2593109: _(
        "El celular no comparte su historial. Actívalo en WhatsApp Business si lo necesitas."
    ),
}
