"""Every address of the project, taken from Django's resolver, with company B's ids in its place."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, cast
from urllib.parse import quote

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from media_pipeline.models import MediaFile
from tenants.context import tenant_context
from tenants.routers import is_control
from whapco.isolation.people import World


class UnknownArgument(Exception):
    """An address whose arguments nobody has said how to fill. The message says where to."""


@dataclass(frozen=True)
class Filling:
    """A value for an argument. `is_foreign`: it names something that only B has."""

    value: str
    is_foreign: bool = False


@dataclass(frozen=True)
class Target:
    path: str
    is_foreign: bool = False


@dataclass(frozen=True)
class Address:
    """`route` as people read it: `chats/<conversation_id>/`. `is_panel`: it runs companies, which
    is what superadmins are for."""

    route: str
    name: str
    targets: tuple[Target, ...]
    is_panel: bool = False

    @property
    def is_public(self) -> bool:
        """Strangers may open it: it shows nothing of any company."""
        return self.name in PUBLIC or self.route in PUBLIC


@dataclass(frozen=True)
class _Place:
    """A pattern on its way to an Address."""

    route: str
    name: str
    model: type[Model] | None


Filler = Callable[[World, _Place], Iterable[Filling]]

# Anybody may open these: they belong to no company, or are the door itself.
PUBLIC = {
    "login",
    "logout",
    "admin:logout",
    "admin:login",
    "admin/login/",
    "eventos",
    "health_live",
    "health_ready",
    "webhook",
    "webhook/",
    "simulator:phone",
    "simulator:graph",
    "simulator:state",
    "simulator:send_file",
    "simulator:show_file",
    "simulator:command",
}


def addresses(world: World) -> list[Address]:
    """Those of ROOT_URLCONF, and the files under static/. Raises UnknownArgument."""
    found = [_address(world, *each) for each in _patterns(get_resolver().url_patterns)]
    return [*found, _files(world)]


def _patterns(
    patterns: Iterable[Any], regex: str = "", names: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for each in patterns:
        longer = regex + each.pattern.regex.pattern.removeprefix("^")
        if isinstance(each, URLResolver):
            space = (each.namespace,) if each.namespace else ()
            yield from _patterns(each.url_patterns, longer, names + space)
        elif isinstance(each, URLPattern):
            name = ":".join((*names, each.name)) if each.name else ""
            yield longer, name, each.callback


def _address(world: World, regex: str, name: str, callback: Callable[..., Any]) -> Address:
    template, arguments = normalize(regex)[0]
    route = template % {argument: f"<{argument}>" for argument in arguments}
    place = _Place(route, name, _model_of(name, callback))
    fillings = [list(_fill(world, place, argument)) for argument in arguments]
    targets = [
        _target(world, place, template, dict(zip(arguments, chosen, strict=True)))
        for chosen in product(*fillings)
    ]
    is_panel = place.model is not None and is_control(place.model)
    return Address(route, name, tuple(_asked(world, name, targets)), is_panel)


def _target(world: World, place: _Place, template: str, chosen: dict[str, Filling]) -> Target:
    values = {argument: quote(filling.value) for argument, filling in chosen.items()}
    is_foreign = any(filling.is_foreign for filling in chosen.values())
    return Target(f"/{template % values}", is_foreign)


def _asked(world: World, name: str, targets: Sequence[Target]) -> Iterator[Target]:
    """Each target as it is, then with the questions that its address understands."""
    questions = QUESTIONS.get(name)
    for target in targets:
        yield target
        for question in questions(world) if questions else ():
            yield Target(f"{target.path}?{question}", target.is_foreign)


def _model_of(name: str, callback: Callable[..., Any]) -> type[Model] | None:
    """The model of an admin page. Its extra pages say it by their name only."""
    model_admin = getattr(callback, "model_admin", None)
    if model_admin is not None:
        return cast(type[Model], model_admin.model)
    named = {
        f"{each._meta.app_label}_{each._meta.model_name}_": each for each in admin.site._registry
    }
    rest = name.removeprefix("admin:")
    starts = [start for start in named if name.startswith("admin:") and rest.startswith(start)]
    return named[max(starts, key=len)] if starts else None


def _fill(world: World, place: _Place, argument: str) -> Iterable[Filling]:
    filler = ARGUMENTS.get(f"{place.name}.{argument}") or ARGUMENTS.get(argument)
    if filler is not None:
        return filler(world, place)
    label = _label_named(world, argument.removesuffix("_id").removesuffix("_pk"))
    if label is not None:
        return _objects(world, label)
    raise UnknownArgument(
        f"The address '{place.route}' takes '{argument}', and the isolation report does not know "
        "what of company B to put there: say it in ARGUMENTS of whapco/isolation/addresses.py, "
        f"under '{argument}' or '{place.name or '<name of the address>'}.{argument}'."
    )


def _label_named(world: World, name: str) -> str | None:
    """`message` -> `conversations.message`, when one planted model only is called so."""
    plain = name.replace("_", "")
    labels = [label for label in world.other.objects if label.rpartition(".")[2] == plain]
    return labels[0] if len(labels) == 1 else None


def _objects(world: World, label: str) -> Iterator[Filling]:
    """One that A has too, under the same id, and one that it has not."""
    own = {str(pk) for pk in world.own.objects.get(label, [])}
    for pk in world.other.objects[label]:
        yield Filling(str(pk), is_foreign=str(pk) not in own)


def _object_of_admin(world: World, place: _Place) -> Iterable[Filling]:
    label = place.model._meta.label_lower if place.model is not None else "?"
    if label not in world.other.objects:
        raise UnknownArgument(
            f"The address '{place.route}' shows a {label}, and company B has none: plant it in "
            "whapco/isolation/planting.py."
        )
    return _objects(world, label)


def _conversation_type(world: World, place: _Place) -> Iterator[Filling]:
    with tenant_context(world.other.tenant):
        model = next(each for each in admin.site._registry if not is_control(each))
        yield Filling(str(ContentType.objects.get_for_model(model).pk))


def _creation(world: World, place: _Place) -> Iterator[Filling]:
    return _objects(world, "tenants.companycreation")


def _app_labels(world: World, place: _Place) -> Iterator[Filling]:
    for label in sorted({model._meta.app_label for model in admin.site._registry}):
        yield Filling(label)


def _just(*values: str) -> Filler:
    return lambda world, place: [Filling(value) for value in values]


# By argument, or by "<name of the address>.<argument>". An argument called as a model needs none.
ARGUMENTS: dict[str, Filler] = {
    "object_id": _object_of_admin,
    "pk": _object_of_admin,
    "company_id": lambda world, place: _objects(world, "tenants.tenant"),
    "file_id": lambda world, place: _objects(world, "media_pipeline.mediafile"),
    "media_id": lambda world, place: _objects(world, "media_pipeline.mediafile"),
    "template_id": lambda world, place: _objects(world, "conversations.messagetemplate"),
    "phone_number_id": lambda world, place: [
        Filling(number, is_foreign=True) for number in world.other.numbers
    ],
    "app_label": _app_labels,
    "url": _just("no-hay/"),
    "admin:view_on_site.content_type_id": _conversation_type,
    "admin:view_on_site.object_id": lambda world, place: _objects(world, "chatbot.rule"),
    "admin:chatbot_rule_edit.pk": lambda world, place: _objects(world, "chatbot.ruleedit"),
    "admin:chatbot_rule_undo.pk": lambda world, place: _objects(world, "chatbot.ruleedit"),
    "number": lambda world, place: _objects(world, "chatbot.rulebookrelease"),
    "admin:tenants_tenant_user.pk": lambda world, place: _objects(world, "tenants.user"),
    "admin:tenants_tenant_role.pk": lambda world, place: _objects(world, "tenants.role"),
    "admin:tenants_tenant_creation.pk": _creation,
    "admin:tenants_tenant_creation_retry.pk": _creation,
    "admin:tenants_tenant_creation_drop.pk": _creation,
    "simulator:graph.path": _just("v23.0/1"),  # it would show any number it was once told
    "simulator:show_file.media_id": _just("1"),
    "simulator:command.name": _just("no-hay"),
}


def _newest_and_oldest(world: World) -> list[str]:
    message = world.other.objects["conversations.message"][-1]
    return ["after=0", f"after={message - 1}", f"before={message + 1}"]


def _autocompleted(world: World) -> list[str]:
    return [
        "app_label=conversations&model_name=conversation&field_name=assigned_to&term=",
        "app_label=chatbot&model_name=rulemedia&field_name=file&term=",
        "app_label=chatbot&model_name=rulemedia&field_name=rule&term=",
    ]


# What an address understands after its question mark, by the address's name.
QUESTIONS: dict[str, Callable[[World], Sequence[str]]] = {
    "chat_messages": _newest_and_oldest,
    "chat_list": lambda world: [
        f"open={world.other.objects['conversations.conversation'][-1]}",
        "before=2099-01-01T00:00:00%2B00:00,9999999",
    ],
    "admin:autocomplete": _autocompleted,
    "simulator:state": lambda world: [f"number={world.other.numbers[0]}"],
}


def _files(world: World) -> Address:
    """Stored files, asked for as if they were static ones, by way of both companies' folders."""
    with tenant_context(world.other.tenant):
        path = MediaFile.objects.values_list("path", flat=True).order_by("pk")[0]
    a, b = world.own.key, world.other.key
    starts: tuple[str, ...] = (
        "static/uploads",
        "uploads",
        "media",
        f"static/uploads/{a}/..",
        "static/../uploads",
    )
    starts = (*starts, f"static/uploads/{a}/%2e%2e", "static/css/../uploads")
    targets = tuple(Target(f"/{start}/{b}/{path}", is_foreign=True) for start in starts)
    return Address("static/uploads/<empresa>/<archivo>", "", targets)
