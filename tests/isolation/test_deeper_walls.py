"""Below the pages: whatever the code of a page does, an object stays in its company. Over every
model of the product."""

import threading
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey, Model

from tenants.context import NoTenant, tenant_context
from tenants.routers import is_control
from whapco.isolation.people import World
from whapco.isolation.watch import Watch

OF_COMPANIES = [model for model in apps.get_models() if not is_control(model)]


def objects(world: World) -> list[Any]:
    """One of every model of company A."""
    with tenant_context(world.own.tenant):
        return [
            apps.get_model(label)._default_manager.get(pk=keys[0])
            for label, keys in world.own.objects.items()
        ]


@pytest.mark.parametrize("model", OF_COMPANIES, ids=lambda model: model._meta.label)
def test_without_a_company_no_model_answers(databases: None, model: type[Model]) -> None:
    with pytest.raises(NoTenant):
        model._default_manager.exists()
    with pytest.raises(NoTenant):
        model._default_manager.all().delete()


def test_a_thread_is_in_no_company(world: World) -> None:
    seen: list[type[BaseException]] = []

    def work() -> None:
        try:
            OF_COMPANIES[0]._default_manager.exists()
        except NoTenant as error:
            seen.append(type(error))

    with tenant_context(world.own.tenant):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == [NoTenant]


def test_an_object_saved_or_deleted_in_another_companys_context_stays_its_own(world: World) -> None:
    watch = Watch(world.other.tenant)
    for each in objects(world):
        with tenant_context(world.other.tenant):
            each.save()
            each.refresh_from_db()
        assert each._state.db == "t_acme"
    assert watch.changed() == []
    with tenant_context(world.other.tenant):
        objects(world)[0].delete()
    assert watch.changed() == []


def test_no_object_points_at_one_of_another_company(world: World) -> None:
    refused = 0
    for each in objects(world):
        for field in each._meta.concrete_fields:
            keys = world.other.objects.get(_label_behind(field), [])
            if not keys:
                continue
            with tenant_context(world.other.tenant):
                theirs = field.related_model._default_manager.get(pk=keys[0])
            with tenant_context(world.own.tenant), pytest.raises(ValueError, match="database"):
                setattr(each, field.name, theirs)
            refused += 1
    assert refused >= 10


def _label_behind(field: Any) -> str:
    return field.related_model._meta.label_lower if isinstance(field, ForeignKey) else ""
