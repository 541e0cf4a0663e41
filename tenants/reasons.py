"""Says in words, for whoever has to act, why a company could not be made, changed or reached."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.errors import TenantError
from tenants.models import Tenant

# What MySQL (codes) and SQLite (words) answer, and what whoever reads it can do about it.
_SENTENCES: tuple[tuple[set[int], str, str], ...] = (
    (
        {1042, 1053, 1317, 1927, 2002, 2003, 2005, 2006, 2013, 2055},
        "",
        gettext_noop(
            "El servidor %(server)s no responde. Revisa la dirección y el puerto, y que deje "
            "entrar desde esta máquina."
        ),
    ),
    (
        {1045, 1698},
        "",
        gettext_noop(
            "El servidor %(server)s no acepta al usuario '%(user)s' con esa contraseña. Corrige "
            "el usuario o la contraseña."
        ),
    ),
    (
        {1044, 1142, 1227},
        "",
        gettext_noop(
            "El usuario '%(user)s' no tiene permiso sobre la base '%(name)s' en %(server)s. Dale "
            "permiso allí, o usa un usuario que lo tenga."
        ),
    ),
    (
        {1049},
        "",
        gettext_noop(
            "La base de datos '%(name)s' no existe en %(server)s. Para crearla, marca "
            "«Crear/actualizar esquema aislado» y guarda."
        ),
    ),
    (
        {1046, 1146},
        "no such table",
        gettext_noop(
            "La base de datos '%(name)s' perdió sus tablas mientras se preparaba. Repite la "
            "operación."
        ),
    ),
    (
        {1040, 1203, 1226},
        "",
        gettext_noop(
            "El servidor %(server)s no admite más conexiones ahora. Prueba en un momento."
        ),
    ),
    (
        {3, 1021, 1114},
        "disk is full",
        gettext_noop(
            "No cabe: la base de datos '%(name)s' o su disco están llenos. Libera espacio y "
            "repite la operación."
        ),
    ),
    (
        {1205, 1213},
        "is locked",
        gettext_noop(
            "Otro programa tiene ocupada la base de datos '%(name)s'. Prueba en un momento."
        ),
    ),
    (
        {1050, 1060, 1061, 1091},
        "already exists|duplicate column",
        gettext_noop(
            "Una actualización de la base de datos '%(name)s' quedó a medias (%(reason)s). "
            "Restaura su último respaldo y repite la operación."
        ),
    ),
    (
        set(),
        "readonly|unable to open|disk I/O",
        gettext_noop(
            "No se puede escribir en el archivo de la base de datos '%(name)s'. Revisa los "
            "permisos de su carpeta y el disco."
        ),
    ),
)


@contextmanager
def as_tenant_error(tenant: Tenant) -> Iterator[None]:
    """One kind of error for the panel and the commands, worded for who reads it there."""
    try:
        yield
    except ValidationError as error:
        raise TenantError(" ".join(_worded(tenant, error))) from error
    except IntegrityError as error:
        raise TenantError(_("Otra empresa acaba de tomar esa clave, base o número.")) from error
    except DatabaseError as error:
        raise TenantError(explain(tenant, error)) from error


def sealed() -> str:
    """Of a company whose secrets no key of FIELD_KEYS opens."""
    return _("Sus credenciales no se abren con FIELD_KEYS: falta la clave que las cifró.")


def explain(tenant: Tenant, error: DatabaseError) -> str:
    """What the company's database answered, and the way out."""
    names = {
        "server": f"{tenant.db_host}:{tenant.db_port}",
        "user": tenant.database_settings().get("USER", ""),
        "name": tenant.db_name,
        "reason": error,
    }
    return _sentence(error.args[0] if error.args else None) % names


def _sentence(code: object) -> str:
    for codes, words, sentence in _SENTENCES:
        if code in codes or (words and re.search(words, str(code))):
            return _(sentence)
    return _("La base de datos '%(name)s' respondió: %(reason)s")


def _worded(tenant: Tenant, error: ValidationError) -> Iterator[str]:
    names = {field.name: field.verbose_name for field in tenant._meta.fields}
    for field, messages in error.message_dict.items():
        label = "" if field == "__all__" else f"{names[field]}: "
        yield from (f"{label}{message}" for message in messages)
