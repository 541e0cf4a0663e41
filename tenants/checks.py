"""System checks: every model says whose data it is. Deploy check: keys of our own for secrets."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.translation import gettext as _

from tenants.routers import COMPANY_APPS, COMPANY_MODELS, is_control


@register(Tags.models)
def check_scopes(
    app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """A model in neither list would silently get a table in every database."""
    return [
        Error(
            f"{model._meta.label} does not say whether it is control's or a company's.",
            hint="Name it, or its app, in tenants/routers.py.",
            obj=model,
            id="tenants.E001",
        )
        for model in apps.get_models()
        if not is_control(model)
        and model._meta.app_label not in COMPANY_APPS
        and model._meta.label_lower not in COMPANY_MODELS
    ]


@register(Tags.security, deploy=True)
def check_field_keys(
    app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    if not settings.FIELD_KEYS_DERIVED:
        return []
    return [
        Warning(
            _(
                "FIELD_KEYS no está definida: los tokens y contraseñas guardados se cifran con una "
                "clave derivada de SECRET_KEY y se pierden si esta cambia."
            ),
            hint=_("Genere una clave Fernet y póngala en FIELD_KEYS."),
            id="tenants.W001",
        )
    ]
