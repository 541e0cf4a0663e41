"""The walk finds holes: an inspector who never finds any proves nothing."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps
from django.urls import clear_url_caches

from tenants.context import tenant_context
from tenants.routers import is_control
from whapco.isolation.addresses import UnknownArgument
from whapco.isolation.people import World
from whapco.isolation.planting import CannotPlant, _Bed
from whapco.isolation.verdicts import Fault, Finding
from whapco.isolation.walk import Row, Walk


@pytest.fixture
def walk(world: World, settings: Any) -> Iterator[Walk]:
    """Through the addresses of leaks.py, which has ended."""
    settings.ROOT_URLCONF = "tests.isolation.leaks"
    walk = Walk(world)
    logging.disable(logging.CRITICAL)  # the traces of its broken view take longer than the rest
    walk.run()
    logging.disable(logging.NOTSET)
    yield walk
    clear_url_caches()


def found(walk: Walk, route: str) -> list[Finding]:
    return [finding for finding in walk.findings if finding.route == route]


def row(walk: Walk, route: str) -> Row:
    return next(row for row in walk.rows if row.address.route == route)


def test_the_walk_tells_holes_of_every_shape_from_an_honest_page(walk: Walk) -> None:
    for shape in ("pagina", "cortado", "grupos", "cabecera", "chorro", "hoja"):
        faults = {finding.fault for finding in found(walk, f"formas/{shape}/")}
        assert Fault.LEAK in faults, shape
    leak = found(walk, "formas/pagina/")[0]
    assert leak.detail == "conversations.contact.alias"
    assert leak.status == 200

    changes = found(walk, "cambia/")
    assert {(each.fault, each.method, each.way, each.detail) for each in changes} == {
        (Fault.CHANGE, "POST", "Con su propia sesión", "conversations_contact")
    }
    assert {each.person for each in changes} == {
        "Asesor de A",
        "Administrador de A",
        "Superadministrador",
    }
    assert [each.detail for each in found(walk, "una-vez/")] == ["conversations_contact"]
    assert {each.fault for each in found(walk, "abierta/")} == {Fault.OPEN}
    assert {each.fault for each in found(walk, "rota/")} == {Fault.ERROR}
    assert "ZeroDivisionError" in found(walk, "rota/")[0].detail

    assert found(walk, "honesta/<conversation_id>/") == []
    honest = row(walk, "honesta/<conversation_id>/")
    assert honest.served["admin"] > 0
    assert honest.served["agent"] > 0
    assert honest.served["anonymous"] == 0
    assert {mark.place for mark in honest.known} == {"conversations.contact.alias"}
    assert honest.refused["anonymous"] == honest.asked["anonymous"] > 0


def test_an_argument_nobody_explained_stops_the_walk(world: World, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.isolation.unknown"
    with pytest.raises(
        UnknownArgument, match=r"'cosas/<apodo>/' takes 'apodo'.*ARGUMENTS.*'cosa.a"
    ):
        Walk(world).run()
    clear_url_caches()


@isolate_apps("conversations")
def test_a_field_nobody_explained_stops_the_planting(world: World) -> None:
    class Appointment(models.Model):
        lasts = models.DurationField()

        class Meta:
            app_label = "conversations"

        def __str__(self) -> str:
            return "cita"

    with pytest.raises(CannotPlant, match=r"appointment\.lasts is a DurationField.*SHAPES"):
        _Bed(world.other, 0, "t_beta").plant(Appointment)


def test_every_kind_of_object_of_a_company_is_planted(world: World) -> None:
    books = {"contenttypes.contenttype", "auth.permission", "auth.group", "auth.group_permissions"}
    books |= {"sessions.session", "tenants.user_groups", "tenants.user_user_permissions"}
    every = {
        model._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
        if not is_control(model)
    }
    assert every - set(world.other.objects) == books
    with tenant_context(world.other.tenant):
        contact = apps.get_model("conversations", "Contact").objects.order_by("pk")[0]
    for name in ("alias", "profile_name", "username", "wa_id", "user_id"):
        (mark,) = world.other.marks.found_in(getattr(contact, name).encode())
        assert mark.place == f"conversations.contact.{name}"
