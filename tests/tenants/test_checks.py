"""Checks that keep data apart."""

from typing import Any

from django.db import models
from django.test.utils import isolate_apps

from tenants.checks import check_scopes
from tenants.routers import TenantRouter


def test_every_model_says_whose_data_it_is() -> None:
    assert check_scopes() == []


def test_a_model_in_no_list_is_found(monkeypatch: Any) -> None:
    with isolate_apps("tenants"):

        class Novelty(models.Model):  # noqa: DJ008  (nobody prints it)
            class Meta:
                app_label = "tenants"

        monkeypatch.setattr("tenants.checks.apps.get_models", lambda: [Novelty])
        assert [error.id for error in check_scopes()] == ["tenants.E001"]


def test_registry_tables_exist_in_the_control_database_only() -> None:
    router = TenantRouter()
    for model in ("tenant", "whatsappnumber", "undeliveredevent", "joblease"):
        assert router.allow_migrate("default", "tenants", model)
        assert not router.allow_migrate("t_acme", "tenants", model)
    assert router.allow_migrate("t_acme", "tenants", "user")
