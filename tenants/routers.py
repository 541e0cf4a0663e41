"""Sends each query to the right database: registry to control, the rest to the active company."""

from typing import Any

from django.db.models import Model

from tenants.context import CONTROL_ALIAS, require_alias

CONTROL_MODELS = frozenset(
    {
        "tenants.tenant",
        "tenants.whatsappnumber",
        "tenants.undeliveredevent",
        "tenants.joblease",
        "tenants.companycreation",
    }
)
# Of each company: rows in its own database only. tenants.checks wants every model in one list.
COMPANY_MODELS = frozenset({"tenants.role", "tenants.user"})
COMPANY_APPS = frozenset(
    {
        "admin",
        "auth",
        "axes",
        "chatbot",
        "contenttypes",
        "conversations",
        "media_pipeline",
        "sessions",
    }
)


def is_control(model: type[Model]) -> bool:
    """Whether rows of `model` live in the control database only."""
    return model._meta.label_lower in CONTROL_MODELS


class TenantRouter:
    """No company active: NoTenant. There is no default to fall back to."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return self._database(model, hints.get("instance"))

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return self._database(model, hints.get("instance"))

    def allow_relation(self, one: Model, other: Model, **_: Any) -> bool:
        return one._state.db == other._state.db

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **_: Any
    ) -> bool:
        return db == CONTROL_ALIAS or f"{app_label}.{model_name}" not in CONTROL_MODELS

    def _database(self, model: type[Model], instance: Model | None) -> str:
        if is_control(model):
            return CONTROL_ALIAS
        if instance is not None and instance._state.db:
            return instance._state.db
        return require_alias()
