"""System checks: every model says whose data it is. What is checked before going live is in
deploy_checks.py."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register

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
